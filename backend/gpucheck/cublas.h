#pragma once

namespace gpucheck {

// cuBLAS, where one is installed: opened at run time, of whatever version.
class Cublas
{
public:
    Cublas();
    ~Cublas();
    Cublas(const Cublas &) = delete;
    Cublas &operator=(const Cublas &) = delete;

    bool isThere() const { return m_handle != nullptr; }
    // c = a b for square matrices by rows, on the device; false if the library refuses.
    bool multiply(const float *a, const float *b, float *c, int size) const;
    bool multiplyHalf(const void *a, const void *b, float *c, int size) const; // fp16, tensor cores

private:
    void *m_library = nullptr;
    void *m_handle = nullptr;
    void *m_gemm = nullptr;
};

} // namespace gpucheck
