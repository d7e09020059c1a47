/** A shop at work: customers come, orders are placed, changed, cancelled, in real transactions through `mssql`. */
import { pause } from '@dstream/async';
import type { Clock } from '@dstream/core';
import sql from 'mssql';
import { cities, goods, people } from './shop-schema.ts';

/** The database to write to, and how often. */
export interface WorkloadOptions {
  readonly pool: sql.ConnectionPool;
  readonly clock: Clock;
  readonly random: () => number;
  /** Wait between transactions, in milliseconds. */
  readonly pauseMs: number;
}

/**
 * A step inside a transaction. Resolves with the number of changes that CDC makes of it: one for every row that is
 * inserted, deleted or gets other values; an update of the key of one row is two, a delete and an insert.
 */
type Step = (request: () => sql.Request) => Promise<number>;

/** Writes until it is stopped; counts the changes that CDC makes of what was committed. */
export class Workload {
  readonly #options: WorkloadOptions;
  #written = 0;
  #paused = false;

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  /** Row changes that were committed. */
  get written(): number {
    return this.#written;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Stops writing after the transaction that is under way, or resumes. True when it pauses now. */
  togglePause(): boolean {
    this.#paused = !this.#paused;
    return this.#paused;
  }

  /** The first customers and products. On abort the rest is left out. */
  async fill(signal: AbortSignal): Promise<void> {
    const steps = [
      ...people.map((name, n) => addCustomer(name, pick(cities, n))),
      ...goods.map((name, n) => addProduct(name, 1.25 * (n + 1))),
    ];
    for (const step of steps) if (!signal.aborted) await this.#commit(step);
  }

  /** Writes until `signal` aborts; the transaction that is under way is finished. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, pauseMs, random } = this.#options;
    while (!signal.aborted) {
      if (!this.#paused) await this.#step();
      await pause(clock, pauseMs * (0.5 + random()), signal);
    }
  }

  async #step(): Promise<void> {
    if (this.#options.random() < 0.05) await this.#rollBack(this.#next());
    else await this.#commit(this.#next());
  }

  #next(): Step {
    const dice = this.#options.random();
    if (dice < 0.4) return this.#placeOrder();
    if (dice < 0.65) return sendOrders;
    if (dice < 0.73) return cancelOrder;
    if (dice < 0.83) return archiveOrders;
    if (dice < 0.88) return addCustomer(this.#any(people), this.#any(cities));
    if (dice < 0.93) return loseCustomer;
    return dice < 0.96 ? renumberLine : reprice;
  }

  #placeOrder(): Step {
    const { random } = this.#options;
    const lines = 1 + Math.floor(random() * 4);
    return placeOrder(
      Math.floor(random() * people.length),
      Array.from({ length: lines }, () => ({ pick: random(), quantity: 1 + Math.floor(random() * 5) })),
    );
  }

  #any(list: readonly string[]): string {
    return pick(list, Math.floor(this.#options.random() * list.length));
  }

  async #commit(step: Step): Promise<void> {
    const transaction = new sql.Transaction(this.#options.pool);
    await transaction.begin();
    const changes = await rolledBackOnError(transaction, step);
    await transaction.commit();
    this.#written += changes;
  }

  /** Nothing of it may arrive. */
  async #rollBack(step: Step): Promise<void> {
    const transaction = new sql.Transaction(this.#options.pool);
    await transaction.begin();
    await rolledBackOnError(transaction, step);
    await transaction.rollback();
  }
}

async function rolledBackOnError(transaction: sql.Transaction, step: Step): Promise<number> {
  try {
    return await step(() => new sql.Request(transaction));
  } catch (error) {
    try {
      await transaction.rollback();
    } catch (second) {
      throw new Error(`${String(error)}; rolling back failed too`, { cause: second });
    }
    throw error;
  }
}

function pick(list: readonly string[], n: number): string {
  return list[n % list.length] ?? '';
}

async function changedBy(request: sql.Request, text: string): Promise<number> {
  const result = await request.query(text);
  return result.rowsAffected.reduce((sum, rows) => sum + rows, 0);
}

function addCustomer(name: string, city: string): Step {
  return (request) =>
    changedBy(
      request().input('name', sql.NVarChar(100), name).input('city', sql.NVarChar(60), city),
      'INSERT INTO dbo.Customers (Name, City, Credit, Since) VALUES (@name, @city, 100.00, CONVERT(date, SYSUTCDATETIME()))',
    );
}

function addProduct(name: string, price: number): Step {
  return (request) =>
    changedBy(
      request().input('name', sql.NVarChar(100), name).input('price', sql.Decimal(10, 4), price),
      'INSERT INTO dbo.Products (Name, Price, Stock) VALUES (@name, @price, 1000)',
    );
}

/** @param customer one of the first customers, who never leave, counted from 0; later ones share their turn */
function placeOrder(
  customer: number,
  lines: readonly { readonly pick: number; readonly quantity: number }[],
): Step {
  return async (request) => {
    const order = await request()
      .input('turn', sql.Int, customer)
      .input('turns', sql.Int, people.length)
      .query<{ OrderID: number }>(
        `INSERT INTO dbo.Orders (CustomerID, OrderedAt, State) OUTPUT inserted.OrderID
         SELECT MAX(CustomerID), SYSUTCDATETIME(), N'new' FROM dbo.Customers WHERE CustomerID % @turns = @turn`,
      );
    let changed = 1;
    for (const [n, line] of lines.entries()) {
      const product = 1 + Math.floor(line.pick * goods.length);
      changed += await changedBy(
        request()
          .input('order', sql.Int, order.recordset[0]?.OrderID)
          .input('line', sql.Int, n + 1)
          .input('product', sql.Int, product)
          .input('quantity', sql.Int, line.quantity),
        `INSERT INTO dbo.OrderLines (OrderID, LineNumber, ProductID, Quantity, Price)
         SELECT @order, @line, ProductID, @quantity, Price FROM dbo.Products WHERE ProductID = @product;
         UPDATE dbo.Products SET Stock = Stock - @quantity WHERE ProductID = @product`,
      );
    }
    return changed;
  };
}

const sendOrders: Step = (request) =>
  changedBy(request(), `UPDATE TOP (3) dbo.Orders SET State = N'sent ✓' WHERE State = N'new'`);

const cancelOrder: Step = async (request) => {
  const found = await request().query<{ OrderID: number }>(
    `SELECT TOP (1) OrderID FROM dbo.Orders WHERE State = N'new'`,
  );
  const order = found.recordset[0]?.OrderID;
  if (order === undefined) return 0;
  return changedBy(
    request().input('order', sql.Int, order),
    'DELETE FROM dbo.OrderLines WHERE OrderID = @order; DELETE FROM dbo.Orders WHERE OrderID = @order',
  );
};

/** Sent orders that are older than the last sixty leave: the shop stays small however long it runs. */
const archiveOrders: Step = (request) =>
  changedBy(
    request(),
    `DECLARE @newest int = (SELECT MAX(OrderID) - 60 FROM dbo.Orders);
     DELETE FROM dbo.OrderLines WHERE OrderID IN
       (SELECT OrderID FROM dbo.Orders WHERE State = N'sent ✓' AND OrderID <= @newest);
     DELETE FROM dbo.Orders WHERE State = N'sent ✓' AND OrderID <= @newest`,
  );

/** One without orders; the first ones stay. */
const loseCustomer: Step = (request) =>
  changedBy(
    request().input('first', sql.Int, people.length),
    `DELETE FROM dbo.Customers WHERE CustomerID =
       (SELECT MAX(CustomerID) FROM dbo.Customers
        WHERE CustomerID > @first AND CustomerID NOT IN (SELECT CustomerID FROM dbo.Orders))`,
  );

/** Changes the key of one row. */
const renumberLine: Step = async (request) => {
  const rows = await changedBy(
    request(),
    `UPDATE dbo.OrderLines SET LineNumber = LineNumber + 10
     WHERE LineNumber = 1 AND OrderID = (SELECT MAX(OrderID) FROM dbo.OrderLines WHERE LineNumber = 1)`,
  );
  return 2 * rows;
};

/** Up by a hundredth; what has become dear starts again, or the price would outgrow its type in the end. */
const reprice: Step = (request) =>
  changedBy(
    request(),
    `UPDATE dbo.Products SET Stock = 1000, Price = CASE WHEN Price > 50 THEN Price / 40 ELSE Price * 1.01 END
     WHERE ProductID % 3 = 0`,
  );
