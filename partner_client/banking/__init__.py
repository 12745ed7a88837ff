"""The partner's business with the bank: accounts, balances, transactions, payments."""
