#include "core/nbformat/version3.h"

#include "core/base/slice.h"
#include "core/notebook/jsonscan.h"
#include "core/notebook/jsonstrings.h"

#include <QHash>

#include <charconv>
#include <utility>

namespace farcell::nbformat {

using json::cut;
using json::Member;
using json::Span;

namespace {

// The members of an object by name; a doubled name's last value counts.
class Fields
{
public:
    explicit Fields(const QByteArray &object)
    {
        for (const Member &member : json::membersOf(object)) {
            const QString key = json::decodeString(cut(object, member.key));
            if (!m_values.contains(key))
                m_order.append(key);
            m_values.insert(
                key, JsonText(sharedSlice(object, member.value.begin, member.value.length())));
        }
    }

    [[nodiscard]] const QStringList &keys() const { return m_order; }
    [[nodiscard]] JsonText value(const char *key) const
    {
        return m_values.value(QString::fromLatin1(key));
    }
    [[nodiscard]] JsonText value(const QString &key) const { return m_values.value(key); }
    [[nodiscard]] QString text(const char *key) const
    {
        return value(key).toMultilineString().value_or(QString());
    }
    [[nodiscard]] std::optional<int> number(const char *key) const
    {
        const QByteArray digits = value(key).text();
        int result = 0;
        const char *const end = digits.constData() + digits.size();
        const auto parsed = std::from_chars(digits.constData(), end, result);
        if (digits.isEmpty() || parsed.ec != std::errc{} || parsed.ptr != end)
            return std::nullopt;
        return result;
    }

private:
    QStringList m_order;
    QHash<QString, JsonText> m_values;
};

// An object's text without some of its members.
JsonText without(const JsonText &object, std::initializer_list<QByteArrayView> keys)
{
    QByteArray text("{");
    for (const Member &member : json::membersOf(object.text())) {
        const QByteArrayView key = cut(object.text(), member.key);
        if (std::find(keys.begin(), keys.end(), key) != keys.end())
            continue;
        if (text.size() > 1)
            text += ',';
        text.append(key);
        text += ':';
        text.append(cut(object.text(), member.value));
    }
    return JsonText(text + '}');
}

JsonText withMember(const JsonText &object, const QByteArray &key, const JsonText &value)
{
    QByteArray text = without(object, {key}).text();
    text.chop(1);
    if (text.size() > 1)
        text += ',';
    return JsonText(text + key + ':' + value.text() + '}');
}

QString mimeOf(const QString &key)
{
    static const QHash<QString, QString> names{
        {QStringLiteral("text"), QStringLiteral("text/plain")},
        {QStringLiteral("html"), QStringLiteral("text/html")},
        {QStringLiteral("svg"), QStringLiteral("image/svg+xml")},
        {QStringLiteral("png"), QStringLiteral("image/png")},
        {QStringLiteral("jpeg"), QStringLiteral("image/jpeg")},
        {QStringLiteral("latex"), QStringLiteral("text/latex")},
        {QStringLiteral("json"), QStringLiteral("application/json")},
        {QStringLiteral("javascript"), QStringLiteral("application/javascript")},
    };
    return names.value(key, key);
}

// Version 3 kept JSON data as text.
JsonText unpackedJson(const JsonText &value)
{
    const auto text = value.toMultilineUtf8();
    if (!text)
        return value;
    json::Scanner scanner(*text);
    scanner.skipSpace();
    Span span;
    return scanner.value(span) && scanner.finish() ? JsonText(text->mid(span.begin, span.length()))
                                                   : value;
}

JsonText objectOr(const JsonText &value)
{
    return value.text().startsWith('{') ? value : JsonText(QByteArrayLiteral("{}"));
}

JsonText withMimeKeys(const JsonText &metadata)
{
    QByteArray text("{");
    for (const Member &member : json::membersOf(metadata.text())) {
        if (text.size() > 1)
            text += ',';
        json::encodeString(mimeOf(json::decodeString(cut(metadata.text(), member.key))), {}, text);
        text += ':';
        text.append(cut(metadata.text(), member.value));
    }
    return JsonText(text + '}');
}

Output convertData(const Fields &fields, OutputKind kind)
{
    Output output;
    output.kind = kind;
    output.metadata = withMimeKeys(objectOr(fields.value("metadata")));
    if (kind == OutputKind::ExecuteResult)
        output.executionCount = fields.number("prompt_number");
    for (const QString &key : fields.keys()) {
        if (key == QLatin1String("output_type") || key == QLatin1String("prompt_number") ||
            key == QLatin1String("metadata"))
            continue;
        const QString mime = mimeOf(key);
        const JsonText value = fields.value(key);
        output.data.set(mime,
                        mime == QLatin1String("application/json") ? unpackedJson(value) : value);
    }
    return output;
}

Output convertOutput(const QByteArray &object)
{
    const Fields fields(object);
    const QString type = fields.text("output_type");
    if (type == QLatin1String("pyout"))
        return convertData(fields, OutputKind::ExecuteResult);
    if (type == QLatin1String("display_data"))
        return convertData(fields, OutputKind::DisplayData);
    Output output = outputFromText(JsonText(object));
    if (type == QLatin1String("pyerr")) {
        output.kind = OutputKind::Error;
        output.origin = JsonText();
    } else if (type == QLatin1String("stream")) {
        output.origin = JsonText();
        const QString name = fields.text("stream");
        output.streamName = name.isEmpty() ? QStringLiteral("stdout") : name;
    }
    return output;
}

OutputList convertOutputs(const QByteArray &array)
{
    std::vector<Output> outputs;
    for (const Span &item : json::itemsOf(array))
        outputs.push_back(convertOutput(sharedSlice(array, item.begin, item.length())));
    return OutputList(std::move(outputs));
}

QString headingSource(const Fields &fields)
{
    const int level = std::clamp(fields.number("level").value_or(1), 1, 6);
    const QString text = fields.text("source");
    const QStringList lines = text.split(QLatin1Char('\n'));
    return QString(level, QLatin1Char('#')) + QLatin1Char(' ') + lines.join(QLatin1Char(' '));
}

Cell convertCell(const QByteArray &object)
{
    const Fields fields(object);
    Cell cell;
    cell.typeName = fields.text("cell_type");
    cell.metadata = objectOr(fields.value("metadata"));
    cell.source = fields.text("source");
    cell.fileId = newFileId();
    if (cell.typeName == QLatin1String("code")) {
        cell.source = fields.text("input");
        cell.executionCount = fields.number("prompt_number");
        cell.outputs = convertOutputs(fields.value("outputs").text());
        const JsonText collapsed = fields.value("collapsed");
        if (!collapsed.isNull())
            cell.metadata = withMember(cell.metadata, "\"collapsed\"", collapsed);
    } else if (cell.typeName == QLatin1String("heading")) {
        cell.source = headingSource(fields);
        cell.typeName = QStringLiteral("markdown");
    } else if (cell.typeName == QLatin1String("html")) {
        cell.typeName = QStringLiteral("markdown");
    }
    cell.kind = kindOfTypeName(cell.typeName);
    return cell;
}

} // namespace

NotebookContent convertVersion3(std::shared_ptr<FileStyle> file, NotebookContent content)
{
    const QByteArray root = sharedSlice(file->text, file->root.begin, file->root.length());
    const JsonText sheets = Fields(root).value("worksheets");
    file->cells.clear(); // a "cells" beside the worksheets is not what version 3 means
    for (const Span &sheet : json::itemsOf(sheets.text())) {
        const JsonText cells =
            Fields(sharedSlice(sheets.text(), sheet.begin, sheet.length())).value("cells");
        for (const Span &item : json::itemsOf(cells.text())) {
            auto origin = std::make_shared<CellOrigin>();
            origin->raw = sharedSlice(cells.text(), item.begin, item.length());
            origin->index = static_cast<int>(content.cells.size());
            Cell cell = convertCell(origin->raw);
            origin->read = cell;
            cell.origin = std::move(origin);
            cell.id = newCellId();
            const qsizetype begin = cell.origin->raw.constData() - file->text.constData();
            file->cells.push_back({begin, begin + cell.origin->raw.size()});
            content.cells.push_back(std::move(cell));
        }
    }
    content.nbformat = 4;
    content.nbformatMinor = 5;
    content.convertedFromV3 = true;
    content.metadata = without(content.metadata, {"\"name\"", "\"signature\""});
    file->metadata = content.metadata;
    file->isVersion3 = true;
    content.style = std::move(file);
    return content;
}

} // namespace farcell::nbformat
