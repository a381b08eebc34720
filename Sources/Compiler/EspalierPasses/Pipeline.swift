// The ordered list of passes.
