#include "app/recovery/recoverybatch.h"

#include "core/journal/crc32c.h"
#include "core/nbformat/filestyle.h"

#include <QDataStream>
#include <QtEndian>

#include <algorithm>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace farcell::recovery {

namespace {

constexpr qsizetype recordHead = 12; // length (8), CRC-32C (4), little endian
constexpr qint64 longestRecord = qint64{1} << 40;

void setUp(QDataStream &stream)
{
    stream.setVersion(QDataStream::Qt_6_4);
    stream.setByteOrder(QDataStream::LittleEndian);
}

// Puts values into a byte array. Overloads are members, so that they find each other.
class Encoder
{
public:
    explicit Encoder(QByteArray &to)
        : m_stream(&to, QIODevice::Append)
    {
        setUp(m_stream);
    }

    template <typename... T>
    void put(const T &...values)
    {
        (write(values), ...);
    }

private:
    template <typename T>
    void write(const T &value)
    {
        m_stream << value;
    }
    void write(int value) { m_stream << static_cast<qint32>(value); }
    void write(const JsonText &text) { write(text.text()); }
    void write(const CellId &id) { write(id.toString().toLatin1()); }
    template <typename T>
    void write(const std::optional<T> &value)
    {
        write(value.has_value());
        if (value)
            write(*value);
    }
    template <typename T>
    void write(const std::vector<T> &list)
    {
        write(static_cast<int>(list.size()));
        for (const T &item : list)
            write(item);
    }
    template <typename A, typename B>
    void write(const std::pair<A, B> &both)
    {
        put(both.first, both.second);
    }
    void write(const Output &output)
    {
        write(output.origin); // the text it was read from says everything
        if (output.origin.isNull())
            put(static_cast<int>(output.kind), output.streamName, output.text, output.metadata,
                output.executionCount, output.errorName, output.errorValue, output.traceback,
                output.data.entries);
    }
    void write(const Cell &cell)
    {
        // The text a cell was read from goes along where it holds more than the cell does.
        const bool odd = cell.origin && cell.origin->hasUnknownMembers;
        put(static_cast<int>(cell.kind), cell.typeName, cell.fileId, cell.source, cell.metadata,
            cell.attachments, cell.executionCount, cell.outputs.text(),
            odd ? cell.origin->raw : QByteArray());
    }
    void write(const CellChange &change)
    {
        put(change.id, change.cell, change.outputsFrom, change.outputs, change.appended);
    }
    void write(const Base &base) { put(base.path, base.hash, base.copy, base.cells); }
    void write(const RecoveryHead &head)
    {
        put(head.originalPath, head.originalHash, head.title, head.writtenAt);
    }

    QDataStream m_stream;
};

class Decoder
{
public:
    explicit Decoder(const QByteArray &from)
        : m_stream(from)
    {
        setUp(m_stream);
    }

    template <typename... T>
    void get(T &...values)
    {
        (read(values), ...);
    }
    [[nodiscard]] bool isOk() const { return m_stream.status() == QDataStream::Ok; }

private:
    template <typename T>
    void read(T &value)
    {
        m_stream >> value;
    }
    void read(int &value)
    {
        qint32 number = 0;
        m_stream >> number;
        value = number;
    }
    void read(JsonText &text)
    {
        QByteArray bytes;
        read(bytes);
        text = bytes.isNull() ? JsonText() : JsonText(bytes);
    }
    void read(CellId &id)
    {
        QByteArray name;
        read(name);
        id = CellId(QString::fromLatin1(name));
    }
    template <typename T>
    void read(std::optional<T> &value)
    {
        bool has = false;
        read(has);
        value.reset();
        if (has) {
            T held; // GCC 12 at -O3 thinks emplace() ends a value that was never made
            read(held);
            value = std::move(held);
        }
    }
    template <typename T>
    void read(std::vector<T> &list)
    {
        int count = 0;
        read(count);
        list.clear();
        for (int i = 0; i < count && isOk(); ++i)
            read(list.emplace_back());
    }
    template <typename A, typename B>
    void read(std::pair<A, B> &both)
    {
        get(both.first, both.second);
    }
    void read(Output &output)
    {
        JsonText origin;
        read(origin);
        if (!origin.isNull()) {
            output = outputFromText(origin);
            return;
        }
        int kind = 0;
        get(kind, output.streamName, output.text, output.metadata, output.executionCount,
            output.errorName, output.errorValue, output.traceback, output.data.entries);
        output.kind = static_cast<OutputKind>(kind);
    }
    void read(Cell &cell)
    {
        int kind = 0;
        JsonText outputs;
        QByteArray raw;
        get(kind, cell.typeName, cell.fileId, cell.source, cell.metadata, cell.attachments,
            cell.executionCount, outputs, raw);
        cell.kind = static_cast<CellKind>(kind);
        if (!outputs.isNull())
            cell.outputs = OutputList::fromText(outputs);
        if (raw.isNull())
            return;
        auto origin = std::make_shared<CellOrigin>();
        origin->raw = raw;
        origin->index = -1;
        origin->read.kind = cell.kind;
        cell.origin = std::move(origin);
    }
    void read(CellChange &change)
    {
        get(change.id, change.cell, change.outputsFrom, change.outputs, change.appended);
    }
    void read(Base &base) { get(base.path, base.hash, base.copy, base.cells); }
    void read(RecoveryHead &head)
    {
        get(head.originalPath, head.originalHash, head.title, head.writtenAt);
    }

    QDataStream m_stream;
};

quint32 checksum(const QByteArray &bytes)
{
    return crc32c(std::string_view(bytes.constData(), static_cast<size_t>(bytes.size())));
}

// The payload of the record that starts here; nothing if it is not whole.
std::optional<QByteArray> readRecord(QIODevice &file)
{
    const QByteArray head = file.read(recordHead);
    if (head.size() != recordHead)
        return std::nullopt;
    const auto length = qFromLittleEndian<qint64>(head.constData());
    if (length <= 0 || length > longestRecord || length > file.size() - file.pos())
        return std::nullopt;
    QByteArray payload = file.read(length);
    if (payload.size() != length ||
        qFromLittleEndian<quint32>(head.constData() + 8) != checksum(payload))
        return std::nullopt;
    return payload;
}

bool isRecoveryFile(QIODevice &file)
{
    return file.read(firstLine().size()) == firstLine();
}

} // namespace

QByteArray firstLine()
{
    return QByteArrayLiteral("farcell recovery 2\n");
}

QByteArray encodeRecord(const Batch &batch)
{
    QByteArray record(recordHead, '\0');
    Encoder(record).put(batch.head, batch.base, batch.cells, batch.order, batch.metadata);
    const QByteArray payload =
        QByteArray::fromRawData(record.constData() + recordHead, record.size() - recordHead);
    const quint32 sum = checksum(payload);
    qToLittleEndian<qint64>(record.size() - recordHead, record.data());
    qToLittleEndian<quint32>(sum, record.data() + 8);
    return record;
}

bool readRecords(QIODevice &file, const std::function<void(Batch batch)> &found)
{
    if (!isRecoveryFile(file))
        return false;
    bool any = false;
    while (const std::optional<QByteArray> payload = readRecord(file)) {
        Decoder decoder(*payload);
        Batch batch;
        decoder.get(batch.head, batch.base, batch.cells, batch.order, batch.metadata);
        if (!decoder.isOk())
            break;
        any = true;
        found(std::move(batch));
    }
    return any;
}

std::optional<RecoveryHead> lastHead(QIODevice &file)
{
    constexpr qint64 longestHead = 65'536;
    if (!isRecoveryFile(file))
        return std::nullopt;
    std::optional<RecoveryHead> last;
    for (qint64 at = file.pos(); file.seek(at);) {
        const QByteArray head = file.read(recordHead);
        const qint64 length =
            head.size() == recordHead ? qFromLittleEndian<qint64>(head.constData()) : 0;
        if (length <= 0 || length > file.size() - at - recordHead)
            break;
        Decoder decoder(file.read(std::min(length, longestHead)));
        RecoveryHead next;
        decoder.get(next);
        if (!decoder.isOk())
            break;
        last = next;
        at += recordHead + length;
    }
    return last;
}

} // namespace farcell::recovery
