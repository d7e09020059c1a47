/** A delete becomes an update of the column Deleted: `data` of a delete is the last image of the row. */
export default function ({ data, metadata }) {
  return {
    data: { ...data, Deleted: true },
    before: data,
    metadata: { ...metadata, operation: 'update', changed: ['Deleted'] },
  };
}
