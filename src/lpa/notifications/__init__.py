"""What a card signs for a server: collected, kept as a receipt, sent, acknowledged, removed from the card."""
