#pragma once

#include <QHashFunctions>
#include <QString>

#include <utility>

namespace farcell {

// A string that names one kind of thing and cannot be mixed up with another kind.
template <typename Tag>
class StrongId
{
public:
    StrongId() = default;
    explicit StrongId(QString value)
        : m_value(std::move(value))
    {
    }

    const QString &toString() const { return m_value; }
    bool isEmpty() const { return m_value.isEmpty(); }

    friend bool operator==(const StrongId &a, const StrongId &b) { return a.m_value == b.m_value; }
    friend bool operator!=(const StrongId &a, const StrongId &b) { return a.m_value != b.m_value; }
    friend bool operator<(const StrongId &a, const StrongId &b) { return a.m_value < b.m_value; }
    friend size_t qHash(const StrongId &id, size_t seed = 0) { return ::qHash(id.m_value, seed); }

private:
    QString m_value;
};

using CellId = StrongId<struct CellIdTag>;       // one cell of one open document, not the file's id
using KernelId = StrongId<struct KernelIdTag>;   // UUID of a running kernel
using SessionId = StrongId<struct SessionIdTag>; // UUID of a Jupyter session (path <-> kernel)
using MsgId = StrongId<struct MsgIdTag>;         // header.msg_id of a Jupyter message

} // namespace farcell
