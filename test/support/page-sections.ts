/** The sections of the reference page about one type: a failure shows them, and not the whole page. */
export function sectionsOf(page: string, type: string): string {
  const sections = page.split(/^(?=## )/m);
  const own = sections.filter((section) => /^##.*/.exec(section)?.[0].endsWith(` of type \`${type}\``));
  return `${own.join('').trimEnd()}\n`;
}
