import type { CaptureInstance } from '../storage/capture-instance.ts';
import type { Access } from './access.ts';

/**
 * Who may read what an instance captured: SELECT on all captured columns of the source table, and membership of the gating
 * role where one is set ("cdc.fn_cdc_get_all_changes_<capture_instance>", "sys.fn_cdc_get_min_lsn": permissions).
 */
export function mayReadCapture(access: Access, { table, columns, roleName }: CaptureInstance): boolean {
  if (access.owner) return true;
  if (roleName !== null && !access.isMember(roleName)) return false;
  const names = columns.map(({ name }) => name);
  return access.mayColumns('SELECT', table.schema, table.name, names);
}
