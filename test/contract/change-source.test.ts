import { inMemoryDatabase } from '../support/in-memory-database.ts';
import { changeSourceContract } from './change-source.ts';

changeSourceContract('in memory', () => Promise.resolve(inMemoryDatabase()));
