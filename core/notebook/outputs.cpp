#include "core/base/slice.h"
#include "core/notebook/cell.h"
#include "core/notebook/jsonscan.h"
#include "core/notebook/jsonstrings.h"

#include <charconv>
#include <mutex>

namespace farcell {

namespace {

using json::cut;
using json::Member;
using json::Span;

JsonText part(const JsonText &whole, Span span)
{
    return JsonText(sharedSlice(whole.text(), span.begin, span.length()));
}

std::optional<int> toInt(QByteArrayView text)
{
    int value = 0;
    const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
    if (result.ec != std::errc{} || result.ptr != text.data() + text.size())
        return std::nullopt;
    return value;
}

OutputKind kindOf(QStringView name)
{
    if (name == QLatin1String("stream"))
        return OutputKind::Stream;
    if (name == QLatin1String("display_data"))
        return OutputKind::DisplayData;
    if (name == QLatin1String("execute_result"))
        return OutputKind::ExecuteResult;
    if (name == QLatin1String("error"))
        return OutputKind::Error;
    return OutputKind::Unknown;
}

QStringList linesOf(const JsonText &value)
{
    QStringList lines;
    for (const Span &item : json::itemsOf(value.text())) {
        if (const auto line = part(value, item).toMultilineString())
            lines.append(*line);
    }
    if (lines.isEmpty()) {
        if (const auto whole = value.toMultilineString(); whole && !whole->isEmpty())
            lines.append(*whole);
    }
    return lines;
}

MimeBundle bundleOf(const JsonText &object)
{
    MimeBundle bundle;
    for (const Member &member : json::membersOf(object.text()))
        bundle.set(json::decodeString(cut(object.text(), member.key)), part(object, member.value));
    return bundle;
}

QString displayIdOf(const JsonText &transient)
{
    for (const Member &member : json::membersOf(transient.text())) {
        if (cut(transient.text(), member.key) == "\"display_id\"")
            return part(transient, member.value).toMultilineString().value_or(QString());
    }
    return {};
}

// One member of an output, sorted into its field whatever the kind; see dropForeignFields().
void readMember(Output &output, QByteArrayView key, const JsonText &value)
{
    const auto text = [&value] { return value.toMultilineString().value_or(QString()); };
    if (key == "\"output_type\"")
        output.kind = kindOf(text());
    else if (key == "\"name\"")
        output.streamName = text();
    else if (key == "\"text\"")
        output.text = text();
    else if (key == "\"data\"")
        output.data = bundleOf(value);
    else if (key == "\"metadata\"")
        output.metadata = value;
    else if (key == "\"execution_count\"")
        output.executionCount = toInt(value.text());
    else if (key == "\"ename\"")
        output.errorName = text();
    else if (key == "\"evalue\"")
        output.errorValue = text();
    else if (key == "\"traceback\"")
        output.traceback = linesOf(value);
    else if (key == "\"transient\"")
        output.displayId = displayIdOf(value);
}

bool isEmptyArray(QByteArrayView text)
{
    return text.isEmpty() || text.front() != '[' || text.sliced(1).trimmed().startsWith("]");
}

} // namespace

Output outputFromText(const JsonText &object)
{
    Output output;
    output.origin = object;
    for (const Member &member : json::membersOf(object.text()))
        readMember(output, cut(object.text(), member.key), part(object, member.value));
    return output;
}

struct OutputList::Shared
{
    JsonText text;
    std::once_flag decodeOnce; // lists are read from the thread that saves, too
    std::vector<Output> items;
};

OutputList::OutputList(std::vector<Output> outputs)
{
    if (outputs.empty())
        return;
    m_shared = std::make_shared<Shared>();
    m_shared->items = std::move(outputs);
}

OutputList OutputList::fromText(JsonText array)
{
    OutputList list;
    list.m_shared = std::make_shared<Shared>();
    list.m_shared->text = std::move(array);
    return list;
}

const std::vector<Output> &OutputList::decoded() const
{
    std::call_once(m_shared->decodeOnce, [this] {
        const JsonText &text = m_shared->text;
        for (const Span &item : json::itemsOf(text.text()))
            m_shared->items.push_back(outputFromText(part(text, item)));
    });
    return m_shared->items;
}

bool OutputList::isEmpty() const
{
    if (!m_shared)
        return true;
    return m_shared->text.isNull() ? m_shared->items.empty() : isEmptyArray(m_shared->text.text());
}

int OutputList::size() const
{
    return static_cast<int>(items().size());
}

const std::vector<Output> &OutputList::items() const
{
    static const std::vector<Output> none;
    return m_shared ? decoded() : none;
}

std::vector<Output> &OutputList::edit()
{
    if (!m_shared) {
        m_shared = std::make_shared<Shared>();
        return m_shared->items;
    }
    decoded();
    // The copy makes this thread see everything that a thread which let go of the list did to it.
    const std::shared_ptr<Shared> probe = m_shared;
    if (probe.use_count() > 2) {
        m_shared = std::make_shared<Shared>();
        m_shared->items = probe->items;
    }
    m_shared->text = JsonText();
    return m_shared->items;
}

const JsonText &OutputList::text() const
{
    static const JsonText none;
    return m_shared ? m_shared->text : none;
}

qsizetype OutputList::byteSize() const
{
    if (!m_shared)
        return 0;
    if (!m_shared->text.isNull())
        return m_shared->text.text().size();
    qsizetype size = 0;
    for (const Output &output : m_shared->items) {
        size += 2 * (output.text.size() + output.errorValue.size()) + output.metadata.text().size();
        for (const auto &[mime, value] : output.data.entries)
            size += value.text().size();
        for (const QString &line : output.traceback)
            size += 2 * line.size();
    }
    return size;
}

bool OutputList::isSameAs(const OutputList &other) const
{
    if (m_shared == other.m_shared)
        return true;
    return !text().isNull() && text().text().constData() == other.text().text().constData();
}

} // namespace farcell
