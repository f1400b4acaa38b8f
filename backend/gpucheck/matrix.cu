#include "backend/gpucheck/cublas.h"
#include "backend/gpucheck/device.h"

#include <cuda_fp16.h>
#include <mma.h>

#include <cmath>
#include <random>

namespace gpucheck {

namespace {

constexpr int size = 4096; // of square matrices; sums of products stay below 2^24, so are exact
constexpr int runs = 10;
constexpr double operations = 2.0 * size * size * size;

using Values = std::vector<signed char>;

// Small whole numbers: exact in fp16 and fp32, in whatever order they are added.
Values randomMatrix(unsigned seed)
{
    std::mt19937 random(seed);
    Values values(std::size_t(size) * size);
    for (signed char &value : values) {
        value = static_cast<signed char>(int(random() % 9) - 4);
    }
    return values;
}

template <typename T>
void upload(const Values &values, const Buffer<T> &to)
{
    std::vector<T> converted(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
        converted[i] = T(float(values[i]));
    }
    require(cudaMemcpy(to.data(), converted.data(), to.bytes(), cudaMemcpyHostToDevice),
            "A matrix cannot be sent to the device");
}

// Freivalds' test on the processor: C x = A (B x) for random x of ±1, row by row, in whole numbers.
// One wrong element is always found, several in a row with probability 3/4 in two rounds.
std::uint64_t wrongRows(const Values &a, const Values &b, const Buffer<float> &product)
{
    constexpr int rounds = 2;
    std::vector<float> c(product.count());
    require(cudaMemcpy(c.data(), product.data(), product.bytes(), cudaMemcpyDeviceToHost),
            "The product cannot be read");
    std::vector<bool> isWrong(size);
    std::mt19937 random(7);
    for (int round = 0; round < rounds; ++round) {
        std::vector<std::int64_t> x(size), bx(size);
        for (std::int64_t &value : x) {
            value = random() % 2 == 0 ? 1 : -1;
        }
        for (std::size_t row = 0; row < size; ++row) {
            for (std::size_t column = 0; column < size; ++column) {
                bx[row] += b[row * size + column] * x[column];
            }
        }
        for (std::size_t row = 0; row < size; ++row) {
            std::int64_t expected = 0;
            double found = 0; // exact as well: far below 2^53
            for (std::size_t i = 0; i < size; ++i) {
                expected += a[row * size + i] * bx[i];
                found += double(c[row * size + i]) * double(x[i]);
            }
            isWrong[row] = isWrong[row] || !(found == double(expected));
        }
    }
    std::uint64_t count = 0;
    for (const bool wrong : isWrong) {
        count += wrong ? 1 : 0;
    }
    return count;
}

// 128 × 128 of C for each block, 8 × 8 for each of its 256 threads, 8 columns of A at a time.
__global__ void __launch_bounds__(256) multiplyTiles(const float *a, const float *b, float *c)
{
    constexpr int tile = 128;
    constexpr int depth = 8;
    constexpr int each = 8;
    __shared__ float left[depth][tile];
    __shared__ float right[depth][tile];
    const int thread = int(threadIdx.x);
    const int row = int(blockIdx.y) * tile;
    const int column = int(blockIdx.x) * tile;
    const int ownRow = thread / 16 * each;
    const int ownColumn = thread % 16 * each;
    float sum[each][each] = {};
    for (int k = 0; k < size; k += depth) {
        for (int i = thread; i < tile * depth; i += 256) {
            left[i % depth][i / depth] = a[(row + i / depth) * size + k + i % depth];
            right[i / tile][i % tile] = b[(k + i / tile) * size + column + i % tile];
        }
        __syncthreads();
        for (int d = 0; d < depth; ++d) {
            for (int i = 0; i < each; ++i) {
                for (int j = 0; j < each; ++j) {
                    sum[i][j] += left[d][ownRow + i] * right[d][ownColumn + j];
                }
            }
        }
        __syncthreads();
    }
    for (int i = 0; i < each; ++i) {
        for (int j = 0; j < each; ++j) {
            c[(row + ownRow + i) * size + column + ownColumn + j] = sum[i][j];
        }
    }
}

// 128 × 128 of C for each block of 8 warps, 32 × 64 for each warp, by the tensor cores.
__global__ void __launch_bounds__(256) multiplyFragments(const half *a, const half *b, float *c)
{
    namespace wmma = nvcuda::wmma;
    constexpr int tile = 128;
    constexpr int depth = 32;
    constexpr int part = 16;
    constexpr int pad = 8; // keeps rows off the same banks
    __shared__ alignas(32) half left[tile][depth + pad];
    __shared__ alignas(32) half right[depth][tile + pad];
    const int thread = int(threadIdx.x);
    const int warp = thread / 32;
    const int row = int(blockIdx.y) * tile;
    const int column = int(blockIdx.x) * tile;
    const int ownRow = warp / 2 * 32;
    const int ownColumn = warp % 2 * 64;
    wmma::fragment<wmma::accumulator, part, part, part, float> sum[2][4];
    for (auto &line : sum) {
        for (auto &one : line) {
            wmma::fill_fragment(one, 0.0F);
        }
    }
    for (int k = 0; k < size; k += depth) {
        for (int i = thread; i < tile * depth / 8; i += 256) { // eight at a time
            const int ai = i * 8;
            *reinterpret_cast<uint4 *>(&left[ai / depth][ai % depth]) =
                *reinterpret_cast<const uint4 *>(&a[(row + ai / depth) * size + k + ai % depth]);
            *reinterpret_cast<uint4 *>(&right[ai / tile][ai % tile]) =
                *reinterpret_cast<const uint4 *>(&b[(k + ai / tile) * size + column + ai % tile]);
        }
        __syncthreads();
        for (int d = 0; d < depth; d += part) {
            wmma::fragment<wmma::matrix_a, part, part, part, half, wmma::row_major> fa[2];
            wmma::fragment<wmma::matrix_b, part, part, part, half, wmma::row_major> fb[4];
            for (int i = 0; i < 2; ++i) {
                wmma::load_matrix_sync(fa[i], &left[ownRow + i * part][d], depth + pad);
            }
            for (int j = 0; j < 4; ++j) {
                wmma::load_matrix_sync(fb[j], &right[d][ownColumn + j * part], tile + pad);
            }
            for (int i = 0; i < 2; ++i) {
                for (int j = 0; j < 4; ++j) {
                    wmma::mma_sync(sum[i][j], fa[i], fb[j], sum[i][j]);
                }
            }
        }
        __syncthreads();
    }
    for (int i = 0; i < 2; ++i) {
        for (int j = 0; j < 4; ++j) {
            wmma::store_matrix_sync(
                &c[(row + ownRow + i * part) * size + column + ownColumn + j * part], sum[i][j],
                size, wmma::mem_row_major);
        }
    }
}

const dim3 grid(size / 128, size / 128);

template <typename T, typename Library, typename Own>
Product multiply(Library library, Own own)
{
    const Values a = randomMatrix(1);
    const Values b = randomMatrix(2);
    const Buffer<T> left(a.size());
    const Buffer<T> right(b.size());
    const Buffer<float> product(a.size());
    upload(a, left);
    upload(b, right);
    // What is not written at all must not look right.
    require(cudaMemset(product.data(), 0xff, product.bytes()), "Memory cannot be cleared");
    const Cublas cublas;
    Product told;
    told.ran = true;
    told.size = size;
    told.isLibrary = cublas.isThere() && library(cublas, left, right, product);
    const double seconds = fastest(runs, [&] {
        if (told.isLibrary) {
            library(cublas, left, right, product);
        } else {
            own(left, right, product);
        }
    });
    require(cudaGetLastError(), "Matrices cannot be multiplied");
    told.flops = operations / seconds;
    told.wrongRows = wrongRows(a, b, product);
    return told;
}

} // namespace

Product multiplyFp32()
{
    return multiply<float>(
        [](const Cublas &cublas, const Buffer<float> &a, const Buffer<float> &b,
           const Buffer<float> &c) { return cublas.multiply(a.data(), b.data(), c.data(), size); },
        [](const Buffer<float> &a, const Buffer<float> &b, const Buffer<float> &c) {
            multiplyTiles<<<grid, 256>>>(a.data(), b.data(), c.data());
        });
}

Product multiplyTensor()
{
    return multiply<half>(
        [](const Cublas &cublas, const Buffer<half> &a, const Buffer<half> &b,
           const Buffer<float> &c) {
            return cublas.multiplyHalf(a.data(), b.data(), c.data(), size);
        },
        [](const Buffer<half> &a, const Buffer<half> &b, const Buffer<float> &c) {
            multiplyFragments<<<grid, 256>>>(a.data(), b.data(), c.data());
        });
}

} // namespace gpucheck
