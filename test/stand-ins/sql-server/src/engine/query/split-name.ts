/** Names in brackets or quotes, as OBJECT_ID takes them. */
export function splitName(text: string): readonly string[] {
  return [...text.matchAll(/\[((?:[^\]]|\]\])*)\]|"((?:[^"]|"")*)"|([^.[\]"]+)|(?<=\.)(?=\.)/g)].map(
    ([, bracketed, quoted, plain]) =>
      bracketed?.replaceAll(']]', ']') ?? quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}
