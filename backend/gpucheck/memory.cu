#include "backend/gpucheck/device.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace gpucheck {

namespace {

constexpr int threads = 256;
constexpr int runs = 10;

// Enough blocks to fill the device, each thread takes many words.
int blocks()
{
    int device = 0;
    int processors = 0;
    require(cudaGetDevice(&device), "No device");
    require(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device),
            "The device does not tell its size");
    return processors * 32;
}

__global__ void readAll(const uint4 *words, std::size_t count, unsigned *result)
{
    unsigned sum = 0;
    for (std::size_t i = blockIdx.x * std::size_t(blockDim.x) + threadIdx.x; i < count;
         i += std::size_t(gridDim.x) * blockDim.x) {
        const uint4 word = words[i];
        sum ^= word.x ^ word.y ^ word.z ^ word.w;
    }
    if (sum == 0x9e3779b9U) { // hardly ever, but the compiler cannot know
        *result = sum;
    }
}

__global__ void writeAll(uint4 *words, std::size_t count, unsigned value)
{
    for (std::size_t i = blockIdx.x * std::size_t(blockDim.x) + threadIdx.x; i < count;
         i += std::size_t(gridDim.x) * blockDim.x) {
        words[i] = make_uint4(value, value, value, value);
    }
}

// Pattern 0 to 3 are the same in all words; the others depend on the place, so that an address
// line that is stuck shows.
__device__ unsigned long long wordAt(int pattern, std::size_t place)
{
    switch (pattern) {
    case 0:
        return 0;
    case 1:
        return ~0ULL;
    case 2:
        return 0xaaaaaaaaaaaaaaaaULL;
    case 3:
        return 0x5555555555555555ULL;
    default:
        unsigned long long mixed = (place + 1) * 0x9e3779b97f4a7c15ULL;
        mixed ^= mixed >> 29;
        mixed *= 0xbf58476d1ce4e5b9ULL;
        mixed ^= mixed >> 32;
        return pattern % 2 == 0 ? mixed : ~mixed;
    }
}

__global__ void writePattern(unsigned long long *words, std::size_t count, std::size_t first,
                             int pattern)
{
    for (std::size_t i = blockIdx.x * std::size_t(blockDim.x) + threadIdx.x; i < count;
         i += std::size_t(gridDim.x) * blockDim.x) {
        words[i] = wordAt(pattern, first + i);
    }
}

struct Found
{
    unsigned long long wrong, offset, expected, found;
};

__global__ void checkPattern(const unsigned long long *words, std::size_t count, std::size_t first,
                             int pattern, Found *result)
{
    for (std::size_t i = blockIdx.x * std::size_t(blockDim.x) + threadIdx.x; i < count;
         i += std::size_t(gridDim.x) * blockDim.x) {
        const unsigned long long expected = wordAt(pattern, first + i);
        const unsigned long long found = words[i];
        if (found != expected && atomicAdd(&result->wrong, 1ULL) == 0) {
            result->offset = (first + i) * sizeof(unsigned long long);
            result->expected = expected;
            result->found = found;
        }
    }
}

} // namespace

Bandwidth measureMemory(std::size_t bytes)
{
    const std::size_t count = bytes / sizeof(uint4);
    const Buffer<uint4> from(count);
    const Buffer<uint4> to(count);
    const Buffer<unsigned> result(1);
    const int grid = blocks();
    const auto size = double(from.bytes());
    Bandwidth found;
    writeAll<<<grid, threads>>>(from.data(), count, 0x01234567U);
    found.copy =
        2 * size / fastest(runs, [&] {
            require(cudaMemcpyAsync(to.data(), from.data(), from.bytes(), cudaMemcpyDeviceToDevice),
                    "Memory cannot be copied");
        });
    found.read = size / fastest(runs, [&] {
                     readAll<<<grid, threads>>>(from.data(), count, result.data());
                 });
    found.write =
        size / fastest(runs, [&] { writeAll<<<grid, threads>>>(to.data(), count, 0x89abcdefU); });
    require(cudaGetLastError(), "Memory cannot be read or written");
    return found;
}

Transfer measureTransfer(std::size_t bytes)
{
    const Buffer<unsigned char> device(bytes);
    const Buffer<unsigned char> out(bytes, Buffer<unsigned char>::Place::Host);
    const Buffer<unsigned char> back(bytes, Buffer<unsigned char>::Place::Host);
    unsigned state = 1;
    for (std::size_t i = 0; i < bytes; ++i) {
        state = state * 1664525U + 1013904223U;
        out.data()[i] = static_cast<unsigned char>(state >> 24U);
    }
    std::memset(back.data(), 0, bytes);
    Transfer found;
    found.toDevice =
        double(bytes) / fastest(runs, [&] {
            require(cudaMemcpyAsync(device.data(), out.data(), bytes, cudaMemcpyHostToDevice),
                    "Nothing can be sent to the device");
        });
    found.fromDevice =
        double(bytes) / fastest(runs, [&] {
            require(cudaMemcpyAsync(back.data(), device.data(), bytes, cudaMemcpyDeviceToHost),
                    "Nothing can be read from the device");
        });
    for (std::size_t i = 0; i < bytes; ++i) {
        found.wrongBytes += out.data()[i] == back.data()[i] ? 0 : 1;
    }
    return found;
}

PatternResult testPatterns(std::size_t bytes)
{
    using Part = Buffer<unsigned long long>;
    constexpr int patterns = 6;
    constexpr std::size_t least = 16UL << 20U;
    const Buffer<Found> result(1); // before all memory is taken
    std::vector<std::unique_ptr<Part>> parts;
    std::size_t wanted = 1UL << 30U;
    PatternResult told;
    while (told.bytes < bytes && wanted >= least) {
        const std::size_t size = std::min<std::size_t>(wanted, bytes - told.bytes) / 8 * 8;
        if (size < 8) {
            break;
        }
        try {
            parts.push_back(std::make_unique<Part>(size / 8));
            told.bytes += size;
        } catch (const CudaError &) {
            cudaGetLastError(); // memory in pieces: smaller ones may still fit
            wanted /= 2;
        }
    }
    require(cudaMemset(result.data(), 0, result.bytes()), "Memory cannot be cleared");
    const int grid = blocks();
    for (int pattern = 0; pattern < patterns; ++pattern) {
        std::size_t first = 0;
        for (const auto &part : parts) { // all are written before one is read: not from a cache
            writePattern<<<grid, threads>>>(part->data(), part->count(), first, pattern);
            first += part->count();
        }
        first = 0;
        for (const auto &part : parts) {
            checkPattern<<<grid, threads>>>(part->data(), part->count(), first, pattern,
                                            result.data());
            first += part->count();
        }
        require(cudaDeviceSynchronize(), "The memory test failed");
        ++told.patterns;
    }
    Found found = {};
    require(cudaMemcpy(&found, result.data(), sizeof found, cudaMemcpyDeviceToHost),
            "The result cannot be read");
    told.wrongWords = found.wrong;
    told.firstOffset = found.offset;
    told.expected = found.expected;
    told.found = found.found;
    return told;
}

} // namespace gpucheck
