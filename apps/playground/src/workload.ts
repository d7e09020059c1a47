/** A shop at work: customers come, orders are placed, changed, cancelled, in real transactions through `mssql`. */
import type { Clock } from '@dstream/core';
import sql from 'mssql';
import { cities, goods, people } from './shop-schema.ts';

export interface WorkloadOptions {
  readonly pool: sql.ConnectionPool;
  readonly clock: Clock;
  readonly random: () => number;
  /** Wait between transactions, in milliseconds. */
  readonly pauseMs: number;
}

/** A step inside a transaction. Resolves with the number of rows it changed. */
type Step = (request: () => sql.Request) => Promise<number>;

export class Workload {
  readonly #options: WorkloadOptions;
  #written = 0;

  constructor(options: WorkloadOptions) {
    this.#options = options;
  }

  /** Row changes that were committed. */
  get written(): number {
    return this.#written;
  }

  /** The first customers and products. */
  async fill(): Promise<void> {
    for (const [n, name] of people.entries()) await this.#transaction(addCustomer(name, pick(cities, n)));
    for (const [n, name] of goods.entries()) await this.#transaction(addProduct(name, 1.25 * (n + 1)));
  }

  /** Writes until `signal` aborts; the transaction that is under way is finished. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, pauseMs, random } = this.#options;
    while (!signal.aborted) {
      await this.#transaction(this.#next());
      await clock.sleep(pauseMs * (0.5 + random()), signal).catch(() => undefined);
    }
  }

  #next(): Step {
    const dice = this.#options.random();
    if (dice < 0.5) return this.#placeOrder();
    if (dice < 0.75) return moveOrders;
    if (dice < 0.85) return cancelOrder;
    if (dice < 0.95) return addCustomer(this.#any(people), this.#any(cities));
    return reprice;
  }

  #placeOrder(): Step {
    const { random } = this.#options;
    const lines = 1 + Math.floor(random() * 4);
    return placeOrder(
      Array.from({ length: lines }, () => ({ pick: random(), quantity: 1 + Math.floor(random() * 5) })),
    );
  }

  #any(list: readonly string[]): string {
    return pick(list, Math.floor(this.#options.random() * list.length));
  }

  async #transaction(step: Step): Promise<void> {
    const transaction = new sql.Transaction(this.#options.pool);
    await transaction.begin();
    try {
      const changed = await step(() => new sql.Request(transaction));
      await transaction.commit();
      this.#written += changed;
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
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

function placeOrder(lines: readonly { readonly pick: number; readonly quantity: number }[]): Step {
  return async (request) => {
    const order = await request().query<{ OrderID: number }>(
      `INSERT INTO dbo.Orders (CustomerID, OrderedAt, State) OUTPUT inserted.OrderID
       SELECT MAX(CustomerID), SYSUTCDATETIME(), N'new' FROM dbo.Customers`,
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

const moveOrders: Step = (request) =>
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

const reprice: Step = (request) =>
  changedBy(request(), 'UPDATE dbo.Products SET Price = Price * 1.01 WHERE ProductID % 3 = 0');
