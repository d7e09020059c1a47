/** The product's sources, package by package, read by the TypeScript compiler that the project pins. */
import { globSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { API } from 'typescript/unstable/sync';
import { structureOf, type Structure } from './structure.ts';

export interface SourceFileFigures extends Structure {
  /** Relative to the checkout: `libs/core/src/balance.ts` */
  readonly path: string;
  /** The folder of its package: `libs/core` */
  readonly package: string;
}

/** A package's TypeScript project names its sources; tests are not in it. */
export function readSources(root: string): readonly SourceFileFigures[] {
  const projects = globSync('{apps,libs,libs/*}/*/tsconfig.json', { cwd: root })
    .map(dirname)
    .filter((folder) => !folder.includes('node_modules'))
    .sort();
  const compiler = new API({ cwd: root });
  try {
    const openProjects = projects.map((folder) => join(root, folder, 'tsconfig.json'));
    using snapshot = compiler.updateSnapshot({ openProjects });
    return projects.flatMap((folder, n) => {
      const project = snapshot.getProject(openProjects[n] ?? '');
      if (project === undefined) throw new Error(`cannot open ${folder}/tsconfig.json`);
      return project.rootFiles.map((file) => {
        const source = project.program.getSourceFile(file);
        if (source === undefined) throw new Error(`cannot read ${file}`);
        return { path: relative(root, file), package: folder, ...structureOf(source) };
      });
    });
  } finally {
    compiler.close();
  }
}
