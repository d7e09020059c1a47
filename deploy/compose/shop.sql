-- The database of deploy/compose.yaml: two tables, captured. Running it again changes nothing.
IF DB_ID(N'shop') IS NULL CREATE DATABASE shop;
GO
USE shop;
GO
IF EXISTS (SELECT 1 FROM sys.databases WHERE name = N'shop' AND is_cdc_enabled = 0) EXEC sys.sp_cdc_enable_db;
GO
IF OBJECT_ID(N'dbo.Customers') IS NULL
CREATE TABLE dbo.Customers (
  Id int IDENTITY(1, 1) NOT NULL PRIMARY KEY,
  Name nvarchar(100) NOT NULL,
  Email nvarchar(200) NULL
);
GO
IF OBJECT_ID(N'dbo.Orders') IS NULL
CREATE TABLE dbo.Orders (
  Id bigint IDENTITY(1, 1) NOT NULL PRIMARY KEY,
  CustomerId int NOT NULL,
  Amount decimal(12, 2) NOT NULL,
  Status varchar(20) NOT NULL,
  PlacedAt datetime2(3) NOT NULL
);
GO
IF NOT EXISTS (SELECT 1 FROM cdc.change_tables WHERE source_object_id = OBJECT_ID(N'dbo.Customers'))
EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Customers', @role_name = NULL;
GO
IF NOT EXISTS (SELECT 1 FROM cdc.change_tables WHERE source_object_id = OBJECT_ID(N'dbo.Orders'))
EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Orders', @role_name = NULL;
GO
