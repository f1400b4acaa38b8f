#include "core/ssh/tarpack.h"

#include <QCoreApplication>
#include <QtEndian>

#include <array>

namespace farcell {

namespace {

constexpr qsizetype blockBytes = 512;
constexpr int compression = 4; // nearly as small as 9, much quicker

void put(QByteArray &header, qsizetype at, const QByteArray &text)
{
    header.replace(at, text.size(), text);
}

// A number in octal, as wide as its field less the closing NUL.
QByteArray octal(qint64 value, int digits)
{
    return QByteArray::number(value, 8).rightJustified(digits, '0');
}

QByteArray headerOf(const QByteArray &name, qint64 size, int mode)
{
    QByteArray header(blockBytes, '\0');
    put(header, 0, name);
    put(header, 100, octal(mode, 7));
    put(header, 108, octal(0, 7)); // user
    put(header, 116, octal(0, 7)); // group
    put(header, 124, octal(size, 11));
    put(header, 136, octal(0, 11)); // time
    put(header, 148, QByteArray(8, ' '));
    put(header, 156, "0"); // a regular file
    put(header, 257,
        QByteArray("ustar\0"
                   "00",
                   8));
    qint64 sum = 0;
    for (const char c : header)
        sum += static_cast<unsigned char>(c);
    put(header, 148, octal(sum, 6) + '\0' + ' ');
    return header;
}

quint32 crc32(const QByteArray &bytes)
{
    static const auto table = [] {
        std::array<quint32, 256> made{};
        for (quint32 i = 0; i < made.size(); ++i) {
            quint32 value = i;
            for (int bit = 0; bit < 8; ++bit)
                value = (value & 1U) != 0U ? 0xEDB88320U ^ (value >> 1U) : value >> 1U;
            made[i] = value;
        }
        return made;
    }();
    quint32 crc = 0xFFFFFFFFU;
    for (const char c : bytes)
        crc = table[(crc ^ static_cast<unsigned char>(c)) & 0xFFU] ^ (crc >> 8U);
    return crc ^ 0xFFFFFFFFU;
}

QByteArray littleEndian(quint32 value)
{
    const quint32 little = qToLittleEndian(value);
    return {reinterpret_cast<const char *>(&little), sizeof little};
}

} // namespace

Result<> TarPack::add(const QString &name, const QByteArray &content, bool isProgram)
{
    const QByteArray path = name.toUtf8();
    if (path.size() > 100)
        return fail(ErrorCode::InvalidData,
                    QCoreApplication::translate("TarPack", "The name %1 is too long").arg(name));
    m_tar += headerOf(path, content.size(), isProgram ? 0755 : 0644);
    m_tar += content;
    m_tar.append((blockBytes - content.size() % blockBytes) % blockBytes, '\0');
    return {};
}

QByteArray TarPack::finish()
{
    m_tar.append(2 * blockBytes, '\0');
    // qCompress() gives four bytes of length, zlib's head of two, the deflated data, and zlib's
    // check sum of four; gzip wraps the same data in its own head and tail.
    const QByteArray zlib = qCompress(m_tar, compression);
    QByteArray gzip("\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
    gzip += QByteArrayView(zlib).sliced(6, zlib.size() - 10);
    gzip += littleEndian(crc32(m_tar)) + littleEndian(static_cast<quint32>(m_tar.size()));
    m_tar.clear();
    return gzip;
}

} // namespace farcell
