"""What decides between statements that rules leave side by side."""
