#include "backend/gpucheck/cublas.h"

#include <initializer_list>

#include <dlfcn.h>

namespace gpucheck {

namespace {

// The names and numbers of cuBLAS 11 and later.
using Create = int (*)(void **handle);
using Destroy = int (*)(void *handle);
using Gemm = int (*)(void *handle, int transposeA, int transposeB, int m, int n, int k,
                     const void *alpha, const void *a, int typeA, int strideA, const void *b,
                     int typeB, int strideB, const void *beta, void *c, int typeC, int strideC,
                     int computeType, int algorithm);
constexpr int typeFloat = 0;    // CUDA_R_32F
constexpr int typeHalf = 2;     // CUDA_R_16F
constexpr int computeFp32 = 68; // CUBLAS_COMPUTE_32F
constexpr int anyAlgorithm = -1;

template <typename Function>
Function find(void *library, const char *name)
{
    return reinterpret_cast<Function>(dlsym(library, name));
}

bool gemm(void *function, void *handle, const void *a, const void *b, float *c, int size, int type)
{
    // cuBLAS counts by columns: what it sees are the transposed matrices, and (a b)^T = b^T a^T.
    const float one = 1;
    const float zero = 0;
    return reinterpret_cast<Gemm>(function)(handle, 0, 0, size, size, size, &one, b, type, size, a,
                                            type, size, &zero, c, typeFloat, size, computeFp32,
                                            anyAlgorithm) == 0;
}

} // namespace

Cublas::Cublas()
{
    for (const char *name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so.11",
                             "/usr/local/cuda/lib64/libcublas.so"}) {
        m_library = m_library == nullptr ? dlopen(name, RTLD_NOW | RTLD_LOCAL) : m_library;
    }
    if (m_library == nullptr) {
        return;
    }
    const auto create = find<Create>(m_library, "cublasCreate_v2");
    m_gemm = dlsym(m_library, "cublasGemmEx");
    if (create == nullptr || m_gemm == nullptr || create(&m_handle) != 0) {
        m_handle = nullptr;
    }
}

Cublas::~Cublas()
{
    const auto destroy = isThere() ? find<Destroy>(m_library, "cublasDestroy_v2") : nullptr;
    if (destroy != nullptr) {
        destroy(m_handle);
    }
}

bool Cublas::multiply(const float *a, const float *b, float *c, int size) const
{
    return gemm(m_gemm, m_handle, a, b, c, size, typeFloat);
}

bool Cublas::multiplyHalf(const void *a, const void *b, float *c, int size) const
{
    return gemm(m_gemm, m_handle, a, b, c, size, typeHalf);
}

} // namespace gpucheck
