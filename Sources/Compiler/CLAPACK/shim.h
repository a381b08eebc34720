// OpenBLAS: its C interface to BLAS, and the routines of LAPACK that it carries, declared as Fortran has them.
#include <cblas.h>

// Cholesky's factor of a symmetric positive definite matrix, in place; info > 0: it is not positive definite.
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
// Solves A X = B with the factor of dpotrf_, in place of B.
void dpotrs_(
  const char *uplo, const int *n, const int *columns, const double *a, const int *lda, double *b, const int *ldb,
  int *info);
// The inverse from the factor of dpotrf_, in its place.
void dpotri_(const char *uplo, const int *n, double *a, const int *lda, int *info);
