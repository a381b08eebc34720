#include "espalier.h"
