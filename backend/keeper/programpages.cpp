#include "backend/keeper/programpages.h"

#include <cstddef>
#include <cstdint>

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

namespace farcell {

namespace {

// The addresses of an object are those of its file plus `dlpi_addr`.
int forgetObject(dl_phdr_info *object, std::size_t, void *)
{
    const auto pageBytes = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto &part = object->dlpi_phdr[i];
        // What may be written may differ from the file: relocations are in such parts.
        if (part.p_type != PT_LOAD || (part.p_flags & PF_W) != 0) {
            continue;
        }
        // Whole pages only: the last one may have something else at its end.
        const std::uintptr_t address = object->dlpi_addr + part.p_vaddr;
        const std::uintptr_t begin = address & ~(pageBytes - 1);
        const std::uintptr_t end = (address + part.p_filesz) & ~(pageBytes - 1);
        if (end > begin) {
            // NOLINTNEXTLINE(performance-no-int-to-ptr): the loader tells numbers
            madvise(reinterpret_cast<void *>(begin), end - begin, MADV_DONTNEED);
        }
    }
    return 0;
}

} // namespace

void forgetProgramPages()
{
    dl_iterate_phdr(forgetObject, nullptr);
}

} // namespace farcell
