// A target needs a source file; the functions of espalier.h are written in Swift (EspalierCAPI).
#include "espalier.h"
