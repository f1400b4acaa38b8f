#pragma once

#include <QByteArray>

#include <utility>

namespace farcell {

// A part of `owner` that shares its memory and keeps it alive, at no cost but a reference count.
// Unlike QByteArray::fromRawData() the result may outlive `owner`. The bytes are not followed by
// '\0': pass them on with their size. An owner that holds no memory of its own (fromRawData) is
// copied.
[[nodiscard]] inline QByteArray sharedSlice(const QByteArray &owner, qsizetype position,
                                            qsizetype length)
{
    QByteArray::DataPointer data = QByteArray(owner).data_ptr();
    if (length == 0 || data.isNull() || data.d_ptr() == nullptr)
        return {owner.constData() + position, length};
    data.ptr += position;
    data.size = length;
    return QByteArray(std::move(data));
}

} // namespace farcell
