// The C functions of espalier.h.
