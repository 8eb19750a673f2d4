"""Which regime a learning curve is in, and the exponents that theory predicts there."""
