/**
 * The discrete Fourier transform of a real even sequence of a power of two of samples, at k = 0 … length/2: frequency
 * response of a filter whose impulse response at 0 … length/2 is given. By one complex transform of radix 2,
 * O(length log length).
 */
export function evenTransform(half: Float64Array): Float64Array {
  const length = 2 * (half.length - 1);
  const real = new Float64Array(length);
  const imaginary = new Float64Array(length);
  for (let n = 0; n < length; n++) real[reversed(n, length)] = half[Math.min(n, length - n)];
  const cosines = Float64Array.from({ length: length / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / length));
  const sines = Float64Array.from({ length: length / 2 }, (_, k) => Math.sin((2 * Math.PI * k) / length));
  for (let size = 2; size <= length; size *= 2) {
    const stride = length / size;
    for (let start = 0; start < length; start += size) {
      for (let k = 0; k < size / 2; k++) {
        const [low, high] = [start + k, start + k + size / 2];
        const [c, s] = [cosines[k * stride], -sines[k * stride]];
        const re = real[high] * c - imaginary[high] * s;
        const im = real[high] * s + imaginary[high] * c;
        real[high] = real[low] - re;
        imaginary[high] = imaginary[low] - im;
        real[low] += re;
        imaginary[low] += im;
      }
    }
  }
  return real.slice(0, half.length);
}

/** A number below `length`, a power of two, with its bits in reverse order. */
function reversed(n: number, length: number): number {
  let result = 0;
  for (let bit = 1; bit < length; bit *= 2) {
    result = 2 * result + (n % 2);
    n = Math.floor(n / 2);
  }
  return result;
}
