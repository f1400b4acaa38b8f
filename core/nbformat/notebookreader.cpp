#include "core/base/slice.h"
#include "core/nbformat/filestyle.h"
#include "core/nbformat/notebookfile.h"
#include "core/nbformat/version3.h"
#include "core/notebook/jsonscan.h"

#include <QCoreApplication>

#include <charconv>
#include <cmath>
#include <utility>

namespace farcell {

using json::cut;
using json::Fault;
using json::Member;
using json::Scanner;
using json::Span;

namespace {

QString tr(const char *text)
{
    return QCoreApplication::translate("NotebookReader", text);
}

// Git writes such a mark at the start of a line; tools that indent JSON may have moved it.
bool hasMark(QByteArrayView text, QByteArrayView mark)
{
    for (qsizetype at = text.indexOf(mark); at >= 0; at = text.indexOf(mark, at + 1)) {
        qsizetype start = at;
        while (start > 0 && (text[start - 1] == ' ' || text[start - 1] == '\t'))
            --start;
        if (start == 0 || text[start - 1] == '\n')
            return true;
    }
    return false;
}

bool hasConflictMarkers(QByteArrayView text)
{
    return hasMark(text, "<<<<<<< ") && hasMark(text, ">>>>>>> ");
}

QString describe(Fault fault)
{
    switch (fault) {
    case Fault::ExpectingValue:
        return tr("A value is missing here");
    case Fault::ExpectingProperty:
        return tr("A property name in double quotes is missing here");
    case Fault::ExpectingColon:
        return tr("A ':' is missing here");
    case Fault::ExpectingComma:
        return tr("A ',' or a closing bracket is missing here");
    case Fault::UnterminatedString:
        return tr("The text that starts here has no closing quote");
    case Fault::ControlCharacter:
        return tr("A text has a line break or control character in it");
    case Fault::BadEscape:
    case Fault::BadUnicodeEscape:
        return tr("A backslash is followed by something that means nothing");
    case Fault::ExtraData:
        return tr("There is more text after the end of the notebook");
    case Fault::TooDeep:
        return tr("Lists or objects are nested too deeply");
    case Fault::None:
        break;
    }
    return {};
}

tl::unexpected<Error> faultIn(QByteArrayView text, Fault fault, qsizetype position)
{
    QString what = describe(fault);
    if (text.trimmed().isEmpty())
        what = tr("The file is empty");
    else if (hasConflictMarkers(text))
        what = tr("The file has unresolved git conflict markers (<<<<<<<)");
    return fail(ErrorCode::InvalidData,
                nbformat::placeOf(text, position) + QStringLiteral(": ") + what);
}

tl::unexpected<Error> noNotebook(const FileStyle &file, const Member *where, const QString &what)
{
    const qsizetype position = where != nullptr ? where->value.begin : file.root.begin;
    return fail(ErrorCode::InvalidData,
                nbformat::placeOf(file.text, position) + QStringLiteral(": ") + what);
}

JsonText textAt(const FileStyle &file, Span span)
{
    return JsonText(sharedSlice(file.text, span.begin, span.length()));
}

std::optional<int> toInt(QByteArrayView text)
{
    int value = 0;
    const auto result = std::from_chars(text.begin(), text.end(), value);
    if (result.ec != std::errc{} || result.ptr != text.end())
        return std::nullopt;
    return value;
}

// False: a member that a Cell has no place for.
bool readMember(const FileStyle &file, const Member &member, Cell &cell)
{
    const QByteArrayView key = cut(file.text, member.key);
    const JsonText value = textAt(file, member.value);
    const char first = value.text().front();
    if (key == "\"cell_type\"") {
        cell.typeName = value.toMultilineString().value_or(QString());
        cell.kind = kindOfTypeName(cell.typeName);
    } else if (key == "\"id\"" && first == '"') {
        cell.fileId = value.toMultilineString();
    } else if (key == "\"source\"") {
        cell.source = value.toMultilineString().value_or(QString());
    } else if (key == "\"metadata\"" && first == '{') {
        cell.metadata = value;
    } else if (key == "\"attachments\"" && first == '{') {
        cell.attachments = value;
    } else if (key == "\"execution_count\"") {
        cell.executionCount = toInt(value.text());
    } else if (key == "\"outputs\"") {
        cell.outputs = OutputList::fromText(value);
    } else {
        return false;
    }
    return true;
}

// A cell from its members, which are spans of the whole file.
Cell readCell(const FileStyle &file, Span span, int index, const std::vector<Member> &members)
{
    Cell cell;
    cell.kind = CellKind::Unknown;
    auto origin = std::make_shared<CellOrigin>();
    origin->hasUnknownMembers = false;
    for (const Member &member : members) {
        if (!readMember(file, member, cell))
            origin->hasUnknownMembers = true;
        if (cut(file.text, member.key) == "\"source\"")
            origin->source = textAt(file, member.value);
    }
    if (cell.metadata.isNull())
        cell.metadata = JsonText(QByteArrayLiteral("{}"));
    origin->raw = textAt(file, span).text();
    origin->index = index;
    origin->read = cell;
    cell.origin = std::move(origin);
    cell.id = newCellId();
    return cell;
}

// Walks over the file once: finds the members of the root and reads the cells on the way.
class RootReader
{
public:
    explicit RootReader(FileStyle &file)
        : m_file(file)
        , m_scanner(file.text)
    {}

    bool read()
    {
        m_scanner.skipSpace();
        m_file.root.begin = m_scanner.position();
        if (m_scanner.current() != '{')
            return m_scanner.value(m_file.root) && m_scanner.finish();
        const bool ok = m_scanner.object([this](Span key) { return readRootMember(key); });
        m_file.root.end = m_scanner.position();
        return ok && m_scanner.finish();
    }

    [[nodiscard]] Fault fault() const { return m_scanner.fault(); }
    [[nodiscard]] qsizetype faultPosition() const { return m_scanner.faultPosition(); }

    std::vector<Cell> cells;

private:
    bool readRootMember(Span key)
    {
        Member member{key, {}};
        bool ok = false;
        if (cut(m_file.text, key) == "\"cells\"") {
            cells.clear(); // of doubled keys the last counts
            m_file.cells.clear();
            member.value.begin = m_scanner.position();
            ok = m_scanner.current() == '[' ? m_scanner.array([this] { return readItem(); })
                                            : m_scanner.skipValue();
            member.value.end = m_scanner.position();
        } else {
            ok = m_scanner.value(member.value);
        }
        m_file.members.push_back(member);
        return ok;
    }

    bool readItem()
    {
        Span span{m_scanner.position(), 0};
        m_members.clear();
        const auto addMember = [this](Span key) {
            Member member{key, {}};
            const bool ok = m_scanner.value(member.value);
            m_members.push_back(member);
            return ok;
        };
        if (!(m_scanner.current() == '{' ? m_scanner.object(addMember) : m_scanner.skipValue()))
            return false;
        span.end = m_scanner.position();
        cells.push_back(readCell(m_file, span, static_cast<int>(m_file.cells.size()), m_members));
        m_file.cells.push_back(span);
        return true;
    }

    FileStyle &m_file;
    Scanner m_scanner;
    std::vector<Member> m_members;
};

const Member *lastMember(const FileStyle &file, QByteArrayView key)
{
    for (auto member = file.members.rbegin(); member != file.members.rend(); ++member) {
        if (cut(file.text, member->key) == key)
            return &*member;
    }
    return nullptr;
}

// The number of a version field, also where it is spelled 4.0 or "4"; nothing if it is no number.
std::optional<double> versionNumber(const FileStyle &file, const Member *member)
{
    if (member == nullptr)
        return std::nullopt;
    QByteArrayView text = cut(file.text, member->value);
    if (text.size() > 2 && text.front() == '"')
        text = text.sliced(1).chopped(1);
    double value = 0;
    const auto result = std::from_chars(text.begin(), text.end(), value);
    if (result.ec != std::errc{} || result.ptr != text.end() || !std::isfinite(value))
        return std::nullopt;
    return value;
}

// The major version to read the file as, or why it cannot be read.
Result<int> versionOf(const FileStyle &file)
{
    const Member *const member = lastMember(file, "\"nbformat\"");
    const auto number = versionNumber(file, member);
    if (!number) {
        if (file.cellsMember != nullptr)
            return 4;
        if (lastMember(file, "\"worksheets\"") != nullptr)
            return 3;
        return noNotebook(file, nullptr,
                          tr("This is JSON but not a notebook: it has no \"cells\""));
    }
    if (*number > 4)
        return noNotebook(
            file, member,
            tr("The notebook has format version %1, newer than any known (4)").arg(*number));
    if (*number != 4 && *number != 3 && *number != 2)
        return noNotebook(
            file, member,
            tr("The notebook has format version %1, which cannot be read").arg(*number));
    // Taken as version 3 it would be empty, and its cells lost with the next save.
    if (*number < 4 && file.cellsMember != nullptr && lastMember(file, "\"worksheets\"") == nullptr)
        return noNotebook(file, member,
                          tr("The notebook says it has format version %1, but not the "
                             "\"worksheets\" of that version")
                              .arg(*number));
    return static_cast<int>(*number);
}

Result<NotebookContent> contentOf(std::shared_ptr<FileStyle> file, std::vector<Cell> cells)
{
    if (file->text.at(file->root.begin) != '{')
        return noNotebook(*file, nullptr, tr("This is JSON but not a notebook: it is no object"));
    file->cellsMember = lastMember(*file, "\"cells\"");
    file->metadataMember = lastMember(*file, "\"metadata\"");
    const Result<int> version = versionOf(*file);
    if (!version)
        return tl::unexpected(version.error());
    NotebookContent content;
    if (file->metadataMember != nullptr && file->text.at(file->metadataMember->value.begin) == '{')
        content.metadata = textAt(*file, file->metadataMember->value);
    else
        content.metadata = JsonText(QByteArrayLiteral("{}"));
    file->metadata = content.metadata;
    if (*version < 4)
        return nbformat::convertVersion3(std::move(file), std::move(content));
    if (file->cellsMember != nullptr && file->text.at(file->cellsMember->value.begin) != '[')
        return noNotebook(*file, file->cellsMember, tr("The notebook's \"cells\" are not a list"));
    const double minor = versionNumber(*file, lastMember(*file, "\"nbformat_minor\"")).value_or(0);
    content.nbformatMinor = minor >= 0 && minor < 1'000'000 ? static_cast<int>(minor) : 0;
    content.cells = std::move(cells);
    content.style = std::move(file);
    return content;
}

} // namespace

Result<NotebookContent> readNotebook(const QByteArray &bytes)
{
    auto file = std::make_shared<FileStyle>();
    file->bytes = bytes;
    if (!bytes.isEmpty() && file->bytes.data_ptr().d_ptr() == nullptr)
        file->bytes = QByteArray(bytes.constData(), bytes.size()); // cells keep slices of it
    Result<nbformat::DecodedText> decoded = nbformat::decodeText(file->bytes);
    if (!decoded)
        return tl::unexpected(decoded.error());
    file->encoding = decoded->encoding;
    file->text = std::move(decoded->text);
    RootReader reader(*file);
    if (!reader.read())
        return faultIn(file->text, reader.fault(), reader.faultPosition());
    return contentOf(std::move(file), std::move(reader.cells));
}

} // namespace farcell
