"""What a sponsor can buy: a published price, retired but never edited."""
