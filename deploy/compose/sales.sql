-- What the shop of deploy/compose.yaml does, every second for ever: a customer, an order, an order that is paid, and one that
-- is cancelled now and then.
SET NOCOUNT ON;
DECLARE @sale int = 0;
WHILE 1 = 1
BEGIN
  SET @sale = @sale + 1;
  BEGIN TRANSACTION;
  INSERT INTO dbo.Customers (Name, Email) VALUES (CONCAT(N'Customer ', @sale), CONCAT(N'customer', @sale, N'@example.org'));
  INSERT INTO dbo.Orders (CustomerId, Amount, Status, PlacedAt)
  VALUES (SCOPE_IDENTITY(), 5 + @sale % 100, 'placed', SYSUTCDATETIME());
  COMMIT;
  UPDATE dbo.Orders SET Status = 'paid' WHERE Id = (SELECT MAX(Id) FROM dbo.Orders);
  IF @sale % 10 = 0 DELETE FROM dbo.Orders WHERE Id = (SELECT MAX(Id) FROM dbo.Orders);
  WAITFOR DELAY '00:00:01';
END;
