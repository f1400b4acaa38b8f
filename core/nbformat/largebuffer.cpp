#include "core/nbformat/largebuffer.h"

#include <cstdint>

#include <sys/mman.h>

namespace farcell::nbformat {

void reserveLarge(QByteArray &buffer, qsizetype size)
{
    constexpr std::uintptr_t hugePage = 2 << 20;
    buffer.reserve(size);
    char *const data = buffer.data();
    const auto begin = reinterpret_cast<std::uintptr_t>(data);
    const std::uintptr_t first = (begin + hugePage - 1) / hugePage * hugePage;
    const std::uintptr_t last = (begin + static_cast<std::uintptr_t>(size)) / hugePage * hugePage;
    if (first < last) // only a hint: what it returns does not matter
        ::madvise(data + (first - begin), last - first, MADV_HUGEPAGE);
}

} // namespace farcell::nbformat
