// Lowering.
