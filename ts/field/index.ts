export { scaled, sumOf, timeReversed } from './algebra.js';
export type { FieldDomain, Times } from './domain.js';
export type { FieldRequest, FieldValues, VelocityField } from './field.js';
export { type FunctionFieldOptions, fieldFromFunction } from './from-function.js';
export { type GradientField, type Potential, gradientField } from './gradient.js';
export { type LinearFieldParameters, linearField } from './linear.js';
export { type ScoreFieldOptions, backwardHeatField, heatField, scoreField } from './score-field.js';
