#include "core/nbformat/cellwriter.h"

#include <algorithm>

namespace farcell::nbformat {

using json::cut;
using json::Member;

namespace {

// The kinds of data that nbformat splits into lines.
bool isSplitMime(QByteArrayView mime)
{
    return mime.startsWith("text/") || mime == "application/javascript" || mime == "image/svg+xml";
}

// application/json and its kin hold any JSON; all other data are text or base64.
bool isJsonMime(QByteArrayView mime)
{
    return mime.startsWith("application/") && mime.endsWith("json") &&
           (mime.size() == qsizetype(sizeof("application/json")) - 1 || mime.endsWith("+json"));
}

void appendData(QByteArrayView mime, QByteArrayView value, const Layout &layout,
                const QByteArray &base, QByteArray &out)
{
    if (isJsonMime(mime))
        appendFormatted(value, layout, base, out);
    else
        appendTextValue(value, isSplitMime(mime) && layout.textAsLists, layout, base, out);
}

// Writes the members of one object in the order the layout asks for.
class ObjectWriter
{
public:
    ObjectWriter(const Layout &layout, const QByteArray &base, QByteArray &out)
        : m_layout(layout)
        , m_out(out)
        , m_builder('{', layout, base, out)
    {}

    void key(QByteArrayView name) // with its quotes
    {
        m_builder.next();
        json::respellString(name, m_layout.strings, m_out);
        m_out += m_layout.colon;
    }
    void text(QByteArrayView name, QStringView value)
    {
        key(name);
        json::encodeString(value, m_layout.strings, m_out);
    }
    void finish() { m_builder.finish(); }
    [[nodiscard]] const QByteArray &inner() const { return m_builder.inner(); }

private:
    const Layout &m_layout;
    QByteArray &m_out;
    SequenceBuilder m_builder;
};

void appendBundle(const MimeBundle &bundle, const Layout &layout, const QByteArray &base,
                  QByteArray &out)
{
    std::vector<std::pair<QByteArray, QByteArrayView>> entries;
    for (const auto &[mime, value] : bundle.entries)
        entries.emplace_back(mime.toUtf8(), value.text());
    if (layout.sortedKeys) {
        std::sort(entries.begin(), entries.end(),
                  [](const auto &a, const auto &b) { return a.first < b.first; });
    }
    SequenceBuilder builder('{', layout, base, out);
    for (const auto &[mime, value] : entries) {
        builder.next();
        json::encodeString(QString::fromUtf8(mime), layout.strings, out);
        out += layout.colon;
        appendData(mime, value, layout, builder.inner(), out);
    }
    builder.finish();
}

// An object anew, member by member: `appendMember` writes the value of each. What is no object is
// written as it is.
template <typename Append>
void appendObject(QByteArrayView object, const Layout &layout, const QByteArray &base,
                  QByteArray &out, const Append &appendMember)
{
    if (object.isEmpty() || object.front() != '{') {
        appendFormatted(object, layout, base, out);
        return;
    }
    ObjectWriter writer(layout, base, out);
    for (const Member &member : orderedMembers(object, layout)) {
        const QByteArrayView key = cut(object, member.key);
        writer.key(key);
        appendMember(key, cut(object, member.value), writer.inner());
    }
    writer.finish();
}

void appendBundleText(QByteArrayView object, const Layout &layout, const QByteArray &base,
                      QByteArray &out)
{
    appendObject(object, layout, base, out,
                 [&](QByteArrayView key, QByteArrayView value, const QByteArray &inner) {
                     appendData(key.sliced(1).chopped(1), value, layout, inner, out);
                 });
}

void appendStream(const Output &output, const Layout &layout, ObjectWriter &writer, QByteArray &out)
{
    if (!layout.sortedKeys)
        writer.text("\"output_type\"", u"stream");
    writer.text("\"name\"", output.streamName);
    if (layout.sortedKeys)
        writer.text("\"output_type\"", u"stream");
    writer.key("\"text\"");
    appendText(output.text, layout.textAsLists, layout, writer.inner(), out);
}

void appendData(const Output &output, const Layout &layout, ObjectWriter &writer, QByteArray &out)
{
    const bool isResult = output.kind == OutputKind::ExecuteResult;
    const QStringView type = isResult ? u"execute_result" : u"display_data";
    if (!layout.sortedKeys)
        writer.text("\"output_type\"", type);
    writer.key("\"data\"");
    appendBundle(output.data, layout, writer.inner(), out);
    if (isResult) {
        writer.key("\"execution_count\"");
        out +=
            output.executionCount ? QByteArray::number(*output.executionCount) : QByteArray("null");
    }
    writer.key("\"metadata\"");
    appendFormatted(output.metadata.isNull() ? QByteArrayView("{}") : output.metadata.text(),
                    layout, writer.inner(), out);
    if (layout.sortedKeys)
        writer.text("\"output_type\"", type);
}

void appendError(const Output &output, const Layout &layout, ObjectWriter &writer, QByteArray &out)
{
    if (!layout.sortedKeys)
        writer.text("\"output_type\"", u"error");
    writer.text("\"ename\"", output.errorName);
    writer.text("\"evalue\"", output.errorValue);
    if (layout.sortedKeys)
        writer.text("\"output_type\"", u"error");
    writer.key("\"traceback\"");
    SequenceBuilder lines('[', layout, writer.inner(), out);
    for (const QString &line : output.traceback) {
        lines.next();
        json::encodeString(line, layout.strings, out);
    }
    lines.finish();
}

} // namespace

void appendAttachments(QByteArrayView object, const Layout &layout, const QByteArray &base,
                       QByteArray &out)
{
    appendObject(object, layout, base, out,
                 [&](QByteArrayView, QByteArrayView value, const QByteArray &inner) {
                     appendBundleText(value, layout, inner, out);
                 });
}

void appendOutputFields(const Output &output, const Layout &layout, const QByteArray &base,
                        QByteArray &out)
{
    if (output.kind == OutputKind::Unknown) {
        appendFormatted(output.origin.text(), layout, base, out);
        return;
    }
    ObjectWriter writer(layout, base, out);
    if (output.kind == OutputKind::Stream)
        appendStream(output, layout, writer, out);
    else if (output.kind == OutputKind::Error)
        appendError(output, layout, writer, out);
    else
        appendData(output, layout, writer, out);
    writer.finish();
}

void appendOutputText(QByteArrayView object, const Layout &layout, const QByteArray &base,
                      QByteArray &out)
{
    if (object.isEmpty() || object.front() != '{') {
        appendFormatted(object, layout, base, out);
        return;
    }
    appendOutputMembers(object, orderedMembers(object, layout), layout, base, out);
}

void appendOutputMembers(QByteArrayView text, const std::vector<Member> &members,
                         const Layout &layout, const QByteArray &base, QByteArray &out)
{
    ObjectWriter writer(layout, base, out);
    for (const Member &member : members) {
        const QByteArrayView key = cut(text, member.key);
        const QByteArrayView value = cut(text, member.value);
        writer.key(key);
        if (key == "\"text\"")
            appendTextValue(value, layout.textAsLists, layout, writer.inner(), out);
        else if (key == "\"data\"")
            appendBundleText(value, layout, writer.inner(), out);
        else
            appendFormatted(value, layout, writer.inner(), out);
    }
    writer.finish();
}

} // namespace farcell::nbformat
