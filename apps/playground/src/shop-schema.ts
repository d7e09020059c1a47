/** The little shop: four captured tables with foreign keys, decimals, dates and text beyond ASCII. */

/** The tables, each in schema dbo. */
export const shopTables = ['Customers', 'Products', 'Orders', 'OrderLines'] as const;

/** The statements that make the database, in order; CDC is enabled by the last ones. */
export const shopSchema: readonly string[] = [
  `CREATE TABLE dbo.Customers (
     CustomerID int IDENTITY(1,1) NOT NULL CONSTRAINT PK_Customers PRIMARY KEY,
     Name nvarchar(100) NOT NULL,
     City nvarchar(60) NOT NULL,
     Credit decimal(12,2) NOT NULL,
     Since date NOT NULL)`,
  `CREATE TABLE dbo.Products (
     ProductID int IDENTITY(1,1) NOT NULL CONSTRAINT PK_Products PRIMARY KEY,
     Name nvarchar(100) NOT NULL,
     Price decimal(10,4) NOT NULL,
     Stock int NOT NULL)`,
  `CREATE TABLE dbo.Orders (
     OrderID int IDENTITY(1,1) NOT NULL CONSTRAINT PK_Orders PRIMARY KEY,
     CustomerID int NOT NULL CONSTRAINT FK_Orders_Customers REFERENCES dbo.Customers (CustomerID),
     OrderedAt datetime2(7) NOT NULL,
     State nvarchar(20) NOT NULL)`,
  `CREATE TABLE dbo.OrderLines (
     OrderID int NOT NULL CONSTRAINT FK_OrderLines_Orders REFERENCES dbo.Orders (OrderID),
     LineNumber int NOT NULL,
     ProductID int NOT NULL CONSTRAINT FK_OrderLines_Products REFERENCES dbo.Products (ProductID),
     Quantity int NOT NULL,
     Price decimal(10,4) NOT NULL,
     CONSTRAINT PK_OrderLines PRIMARY KEY (OrderID, LineNumber))`,
  'EXEC sys.sp_cdc_enable_db',
  ...shopTables.map(
    (table) =>
      `EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'${table}', @role_name = NULL`,
  ),
];

/** Names for customers, in many scripts. */
export const people = [
  'Zoë Ångström',
  'Łukasz Żółć',
  'Nguyễn Thị Ánh',
  'محمد علي',
  '王小明',
  'Søren Ø',
  'Ana Núñez',
];
/** Cities for customers. */
export const cities = ['København', 'Kraków', 'São Paulo', '東京', 'Αθήνα', 'Reykjavík', 'Québec'];
/** Names for products. */
export const goods = ['Crème brûlée', 'Smörgås', 'Piñata', 'Müsli', '抹茶', 'Jalapeño', 'Żurek', 'Açaí'];
