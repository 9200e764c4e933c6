"""PostgreSQL through peewee: the only place with SQL. One query module per noun; tables are in `tables/`."""
