/** The text of a file into a configuration: scan, parse, join, read block by block. */
import { inspect } from 'node:util';
import type { Configuration, ProcessorConfig } from './blocks/configuration.ts';
import { ingesterSchema, readIngester, type IngesterReading } from './blocks/ingester.ts';
import { processorSchema, publisherSchema, readProcessor } from './blocks/processor.ts';
import type { IngesterTopic } from './blocks/queue.ts';
import { readService, serviceSchema } from './blocks/service.ts';
import { inlineSource } from './blocks/source.ts';
import type { AdapterTypes, FileContext } from './definitions/adapter-types.ts';
import type { SourceType } from './definitions/source-type.ts';
import { rememberSecrets } from './redact.ts';
import { checkShape } from './schema/check-shape.ts';
import { canonicalPath, type Context, type Demand } from './schema/context.ts';
import { Problems } from './schema/problems.ts';
import { blockOf } from './schema/read-block.ts';
import { child, type BlockSchema } from './schema/schema.ts';
import type { Environment } from './schema/templates.ts';
import { maxDepth } from './text/hcl-cursor.ts';
import { joinDocument, pathAtLine, type BlockNode, type Place } from './text/hcl-document.ts';
import { otherFormat, shellProblem } from './text/other-format.ts';
import type { HclParser, SyntaxProblem } from './text/parse-hcl.ts';
import { scanHcl, type Scan } from './text/scan-hcl.ts';

/** The blocks a command uses: their variables must be set, and what they ask for must be built. */
export type Use = readonly ('ingester' | 'processor')[] | 'validate';

interface ReadOptions {
  readonly env: Environment;
  readonly use: Use;
  readonly types: AdapterTypes;
  /** Notes are errors. */
  readonly strict?: boolean;
}

/**
 * The schema of a whole file.
 * @param inline the source whose keys are in `ingester` itself; undefined where a block `source` has them
 */
export function rootSchema(types: AdapterTypes, inline: SourceType | undefined): BlockSchema {
  return {
    type: '',
    doc: '',
    keys: {},
    blocks: [
      child(ingesterSchema(types, inline), 'optional'),
      child(processorSchema(types), 'optional'),
      child(publisherSchema(types), 'optional'),
      child(serviceSchema, 'optional'),
    ],
  };
}

const fileItself: Place = { line: 1, path: '' };

/** As `loadConfiguration`, with the text and the parser given. */
export async function readConfiguration(
  file: string,
  text: string,
  options: ReadOptions,
  parse: HclParser,
): Promise<Configuration> {
  const problems = new Problems(file, options.strict);
  if (text.trim() === '') {
    problems.add(fileItself, 'the file is empty; write an ingester block, a processor block or both');
    problems.throwIfAny();
  }
  const document = await parseDocument(text, parse, problems);
  const context: FileContext = {
    file,
    problems,
    unset: new Problems(file),
    env: options.env,
    demand: 'validate',
    root: rootSchema(options.types, inlineSource(blockOf(document, 'ingester'), options.types)),
    types: options.types,
    secrets: new Set(),
    places: new Map(),
    checks: [],
  };
  const parts = readParts(document, options.use, context);
  await runChecks(context, isUsed(options.use, 'processor'));
  problems.throwIfAny();
  assertComplete(document, parts, options.use, file);
  return withPlaces({ file, ...parts, notes: problems.notes(), unready: unreadyOf(problems) }, context);
}

function unreadyOf(problems: Problems): Configuration['unready'] {
  return problems.unready().map(({ path, note }) => ({ path: canonicalPath(path), note }));
}

/** Only of a file without problems: their values are blank. @param wanted the command uses the blocks that have such checks */
async function runChecks({ checks, problems }: FileContext, wanted: boolean): Promise<void> {
  if (!wanted || !problems.isEmpty) return;
  for (const check of checks) if (check.unset.isEmpty) await check.run();
}

/** Throws ConfigInvalid for what is not HCL: there is nothing to check then. */
async function parseDocument(text: string, parse: HclParser, problems: Problems): Promise<BlockNode> {
  const scan = scanHcl(text);
  if (scan.depth > maxDepth)
    problems.add(fileItself, `brackets are nested more than ${maxDepth} levels deep; reduce the nesting`);
  problems.throwIfAny();
  const parsed = await parse(scan.text);
  if ('values' in parsed) return joinDocument(scan.body, parsed.values);
  const other = otherFormat(text);
  if (other !== undefined) problems.add(other, other.problem);
  else addSyntaxProblem(parsed.problem, text, scan, problems);
  problems.throwIfAny();
  return joinDocument(scan.body, {});
}

function addSyntaxProblem(
  { line, summary, detail }: SyntaxProblem,
  text: string,
  scan: Scan,
  problems: Problems,
): void {
  const what = summary.charAt(0).toLowerCase() + summary.slice(1);
  const problem = shellProblem(text, line) ?? `${what}; ${detail}`;
  problems.add({ line, path: pathAtLine(line, scan.body) }, problem);
}

type Parts = Pick<Configuration, 'ingester' | 'processor' | 'service'>;

function readParts(document: BlockNode, use: Use, context: FileContext): Parts {
  checkShape(context.root, document, context);
  checkBlocks(document, use, context);
  const ingesterNode = blockOf(document, 'ingester');
  const ingester =
    ingesterNode === undefined ? undefined : readIngester(ingesterNode, demanding(use, 'ingester', context));
  const processor = readProcessorPart(document, ingester, use, demanding(use, 'processor', context));
  const service = readService(blockOf(document, 'service'), demanding(use, undefined, context));
  return {
    ingester: isUsed(use, 'ingester') ? ingester?.config : undefined,
    processor: isUsed(use, 'processor') ? processor : undefined,
    service,
  };
}

/** What a command uses and what was read without a problem is there: without an output every message would be lost. */
function assertComplete(document: BlockNode, { ingester, processor }: Parts, use: Use, file: string): void {
  if (use === 'validate') return;
  const parts = { ingester, processor };
  const lost = use.find((block) => parts[block] === undefined);
  if (lost !== undefined) throw new Error(`${file}: the block ${lost} was not read, and no problem says why`);
  const node = blockOf(document, 'processor') ?? blockOf(document, 'publisher');
  const outputs = node?.blocks.filter(({ type }) => type === 'output').length ?? 0;
  if (processor !== undefined && (outputs === 0 || processor.outputs.length !== outputs))
    throw new Error(`${file}: an output of the processor was not read, and no problem says why`);
}

function readProcessorPart(
  document: BlockNode,
  ingester: IngesterReading | undefined,
  use: Use,
  context: FileContext,
): ProcessorConfig | undefined {
  const nodes = [blockOf(document, 'processor'), blockOf(document, 'publisher')];
  const topic = topicOf(ingester, use);
  const [first] = nodes
    .filter((node) => node !== undefined)
    .map((node) => readProcessor(node, topic, context));
  return first;
}

function topicOf(ingester: IngesterReading | undefined, use: Use): IngesterTopic {
  if (ingester === undefined) return { kind: 'none' };
  const { type, name } = ingester.topic ?? { type: '', name: '' };
  if (name !== '') return { kind: 'known', type, name };
  return { kind: isUsed(use, 'ingester') ? 'reported' : 'variable-not-set' };
}

function isUsed(use: Use, block: 'ingester' | 'processor'): boolean {
  return use === 'validate' || use.includes(block);
}

/** @param block undefined for what every command uses */
function demanding(use: Use, block: 'ingester' | 'processor' | undefined, context: FileContext): FileContext {
  const wanted: Demand = block === undefined || isUsed(use, block) ? 'use' : 'skip';
  return { ...context, demand: use === 'validate' ? 'validate' : wanted };
}

function checkBlocks(document: BlockNode, use: Use, context: Context): void {
  const { problems } = context;
  const [processor, publisher] = [blockOf(document, 'processor'), blockOf(document, 'publisher')];
  if (processor !== undefined && publisher !== undefined) {
    problems.add(
      publisher,
      `publisher is an older name of processor, which is on line ${processor.line}; remove one of the two`,
    );
  }
  const ingester = blockOf(document, 'ingester');
  const there = { ingester, processor: processor ?? publisher };
  if (use === 'validate') {
    if (there.ingester !== undefined || there.processor !== undefined) return;
    problems.add(fileItself, 'the file has neither an ingester nor a processor block; write one or both');
    return;
  }
  for (const block of use.filter((name) => there[name] === undefined)) {
    problems.add(fileItself, `missing block ${block}, which this command needs; write ${block} { … }`);
  }
}

/** Adds what is not data: places, secrets, and how it is printed. */
function withPlaces(data: Omit<Configuration, 'where'>, context: Context): Configuration {
  const configuration: Configuration = { ...data, where: (path) => whereIs(path, data.file, context.places) };
  rememberSecrets(configuration, context.secrets);
  Object.defineProperty(configuration, 'toJSON', { value: () => data });
  Object.defineProperty(configuration, inspect.custom, { value: () => data });
  return configuration;
}

function whereIs(path: string, file: string, places: ReadonlyMap<string, Place>): string {
  const wanted = canonicalPath(path);
  for (let prefix = wanted; prefix !== ''; prefix = prefix.replace(/(?:\.|\[|^)[^.[]*$/, '')) {
    const place = places.get(prefix);
    if (place !== undefined) return `${file}:${place.line}: ${place.path}${wanted.slice(prefix.length)}`;
  }
  return `${file}:1: ${path}`;
}
