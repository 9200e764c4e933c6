"""What the appliance can do, one module per noun: transactions, permissions and events live here."""
