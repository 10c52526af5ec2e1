-- The queue is for several machines, so only a store on a server has its tables.
SELECT 1;
