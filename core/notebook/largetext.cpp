#include "core/notebook/largetext.h"

#include <QDir>
#include <QFile>
#include <QThreadPool>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <new>
#include <vector>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace farcell {

namespace {

using Header = QTypedArrayData<char16_t>;

constexpr qsizetype threshold = qsizetype{1} << 20; // characters
constexpr size_t reserved = size_t{16} << 30;       // addresses of one text; no memory yet
constexpr size_t firstPiece = size_t{8} << 20;
constexpr size_t largestPiece = size_t{16} << 20; // finding room for it takes a moment
constexpr size_t keptResident = size_t{4} << 20;

QString folder()
{
    QString cache = qEnvironmentVariable("XDG_CACHE_HOME");
    if (!QDir::isAbsolutePath(cache))
        cache = QDir::homePath() + QStringLiteral("/.cache");
    return cache + QStringLiteral("/farcell");
}

// A file that has no name and so is gone with this program, however that ends.
int openUnnamed()
{
    const QString where = folder();
    QDir().mkpath(where);
    const QByteArray path = QFile::encodeName(where);
    const int handle = ::open(path.constData(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (handle >= 0)
        return handle;
    QByteArray name = path + "/text.XXXXXX"; // a file system that knows no O_TMPFILE
    const int named = ::mkostemp(name.data(), O_CLOEXEC);
    if (named >= 0)
        ::unlink(name.constData());
    return named;
}

// One file and its mapping. At its start stands the header that QString counts its references in;
// one reference is held here for ever, so that Qt never frees what is not from its heap.
class Mapping
{
public:
    Q_DISABLE_COPY_MOVE(Mapping)

    Mapping() = default;
    ~Mapping()
    {
        if (m_base != nullptr)
            ::munmap(m_base, reserved);
        if (m_file >= 0)
            ::close(m_file);
    }

    bool open()
    {
        m_file = openUnnamed();
        if (m_file < 0)
            return false;
        void *const base = ::mmap(nullptr, reserved, PROT_NONE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (base == MAP_FAILED)
            return false;
        m_base = static_cast<char *>(base);
        if (!makeRoom(sizeof(Header)))
            return false;
        auto *const header = new (m_base) Header;
        header->ref_.storeRelaxed(1);
        header->flags = {};
        header->alloc = static_cast<qsizetype>((reserved - textAt) / sizeof(char16_t));
        return true;
    }

    bool append(QStringView text)
    {
        const size_t at = textAt + static_cast<size_t>(m_size) * sizeof(char16_t);
        const size_t bytes = static_cast<size_t>(text.size()) * sizeof(char16_t);
        if (!makeRoom(at + bytes + sizeof(char16_t))) // and the zero behind the text
            return false;
        if (!write(reinterpret_cast<const char *>(text.data()), bytes, at))
            return false;
        m_size += text.size();
        letGo(at + bytes);
        return true;
    }

    [[nodiscard]] QString text() const
    {
        header()->ref();
        return QString(
            QStringPrivate(header(), reinterpret_cast<char16_t *>(m_base + textAt), m_size));
    }
    [[nodiscard]] Header *header() const { return reinterpret_cast<Header *>(m_base); }
    [[nodiscard]] qsizetype size() const { return m_size; }
    [[nodiscard]] bool isUnused() const { return header()->ref_.loadAcquire() == 1; }

private:
    static constexpr size_t textAt = sizeof(QArrayData);

    // The disk must have the room before it is written to: a mapping cannot tell.
    bool makeRoom(size_t bytes)
    {
        while (m_mapped < bytes) {
            const size_t piece = std::clamp(m_mapped, firstPiece, largestPiece);
            if (m_mapped + piece > reserved ||
                ::posix_fallocate(m_file, static_cast<off_t>(m_mapped),
                                  static_cast<off_t>(piece)) != 0 ||
                ::mmap(m_base + m_mapped, piece, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
                       m_file, static_cast<off_t>(m_mapped)) == MAP_FAILED)
                return false;
            m_mapped += piece;
        }
        return true;
    }

    // Not through the mapping, which shows it all the same: that would stop at each new page.
    bool write(const char *bytes, size_t count, size_t at) const
    {
        while (count > 0) {
            const ssize_t written = ::pwrite(m_file, bytes, count, static_cast<off_t>(at));
            if (written < 0 && errno == EINTR)
                continue;
            if (written <= 0)
                return false;
            bytes += written;
            at += static_cast<size_t>(written);
            count -= static_cast<size_t>(written);
        }
        return true;
    }

    // Takes pages that were read out of this program's memory now and then; they are in the file.
    void letGo(size_t end)
    {
        if (end < m_gone + 2 * keptResident)
            return;
        constexpr size_t page = 4096;
        m_gone = (end - keptResident) / page * page;
        if (m_gone > page) // not the header's
            ::madvise(m_base + page, m_gone - page, MADV_DONTNEED);
    }

    int m_file = -1;
    char *m_base = nullptr;
    size_t m_mapped = 0;
    size_t m_gone = 0;
    qsizetype m_size = 0;
};

std::vector<std::unique_ptr<Mapping>> &mappings()
{
    static auto &all = *new std::vector<std::unique_ptr<Mapping>>; // strings may outlive main()
    return all;
}

Mapping *mappingOf(const QString &text)
{
    const QArrayData *const data = QString(text).data_ptr().d_ptr();
    for (const auto &mapping : mappings()) {
        if (mapping->header() == data)
            return mapping.get();
    }
    return nullptr;
}

} // namespace

void appendLarge(QString &text, QStringView added)
{
    if (text.size() + added.size() < threshold) {
        text += added;
        return;
    }
    Mapping *mapping = mappingOf(text);
    if (mapping == nullptr || mapping->size() != text.size()) { // or a copy went on without it
        releaseLargeTexts();
        auto made = std::make_unique<Mapping>();
        if (!made->open() || !made->append(text)) {
            text += added;
            return;
        }
        mapping = mappings().emplace_back(std::move(made)).get();
    }
    if (mapping->append(added))
        text = mapping->text();
    else
        text += added;
}

void releaseLargeTexts()
{
    auto &all = mappings();
    const auto unused = std::stable_partition(
        all.begin(), all.end(), [](const auto &mapping) { return !mapping->isUnused(); });
    if (unused == all.end())
        return;
    // The system takes long to let go of a large file.
    auto gone = std::make_shared<std::vector<std::unique_ptr<Mapping>>>(
        std::make_move_iterator(unused), std::make_move_iterator(all.end()));
    all.erase(unused, all.end());
    QThreadPool::globalInstance()->start([gone] { gone->clear(); });
}

bool isLargeText(const QString &text)
{
    return mappingOf(text) != nullptr;
}

} // namespace farcell
