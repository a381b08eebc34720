// Functions of the C library's mathematics that results of networks are decoded with, for Swift to import.
#ifndef ESPALIER_MATH_H
#define ESPALIER_MATH_H

float espalier_exp_f32(float x);
float espalier_tanh_f32(float x);
float espalier_pow_f32(float base, float exponent);
double espalier_exp_f64(double x);

#endif
