#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

// What the parts of farcell-gpu-check share: they run on the current device and throw CudaError.
namespace gpucheck {

class CudaError : public std::runtime_error
{
public:
    CudaError(const char *what, cudaError_t error)
        : std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error))
        , m_error(error)
    {}
    bool isWantOfMemory() const { return m_error == cudaErrorMemoryAllocation; }

private:
    cudaError_t m_error;
};

inline void require(cudaError_t error, const char *what)
{
    if (error != cudaSuccess) {
        throw CudaError(what, error);
    }
}

// Memory of the device, or of the host where the device can reach it fast.
template <typename T>
class Buffer
{
public:
    enum class Place
    {
        Device,
        Host
    };
    explicit Buffer(std::size_t count, Place place = Place::Device)
        : m_count(count)
        , m_place(place)
    {
        void *memory = nullptr;
        require(place == Place::Device ? cudaMalloc(&memory, bytes())
                                       : cudaMallocHost(&memory, bytes()),
                "No memory");
        m_data = static_cast<T *>(memory);
    }
    ~Buffer() { m_place == Place::Device ? cudaFree(m_data) : cudaFreeHost(m_data); }
    Buffer(const Buffer &) = delete;
    Buffer &operator=(const Buffer &) = delete;

    T *data() const { return m_data; }
    std::size_t count() const { return m_count; }
    std::size_t bytes() const { return m_count * sizeof(T); }

private:
    T *m_data = nullptr;
    std::size_t m_count;
    Place m_place;
};

// The shortest of several runs of `work`, in seconds, after one that does not count.
template <typename Work>
double fastest(int runs, Work work)
{
    cudaEvent_t begin = nullptr;
    cudaEvent_t end = nullptr;
    require(cudaEventCreate(&begin), "No event");
    require(cudaEventCreate(&end), "No event");
    double best = 0;
    for (int i = 0; i <= runs; ++i) {
        require(cudaEventRecord(begin), "The device does not begin");
        work();
        require(cudaEventRecord(end), "The device does not end");
        require(cudaEventSynchronize(end), "The device failed");
        float ms = 0;
        require(cudaEventElapsedTime(&ms, begin, end), "No time");
        if (i > 0 && (best == 0 || ms / 1000.0 < best)) {
            best = ms / 1000.0;
        }
    }
    cudaEventDestroy(begin);
    cudaEventDestroy(end);
    return best;
}

// Bytes per second. Copying counts what is read and what is written.
struct Bandwidth
{
    double copy = 0, read = 0, write = 0;
};
Bandwidth measureMemory(std::size_t bytes);

struct Transfer
{
    double toDevice = 0, fromDevice = 0; // bytes per second
    std::uint64_t wrongBytes = 0;        // of what went there and back
};
Transfer measureTransfer(std::size_t bytes);

struct PatternResult
{
    std::uint64_t bytes = 0; // tested
    int patterns = 0;
    std::uint64_t wrongWords = 0;                           // of 8 bytes
    std::uint64_t firstOffset = 0, expected = 0, found = 0; // of the first wrong one seen
};
// Writes patterns to as much of the free memory as can be had, up to `bytes`, and reads them back.
PatternResult testPatterns(std::size_t bytes);

struct Product
{
    bool ran = false;       // else the device has no such units
    double flops = 0;       // per second
    bool isLibrary = false; // by cuBLAS, else by our own kernel
    std::uint64_t wrongRows = 0;
    int size = 0; // rows and columns
};
Product multiplyFp32();
Product multiplyTensor(); // fp16 in, fp32 out

} // namespace gpucheck
