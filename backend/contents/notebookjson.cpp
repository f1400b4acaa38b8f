#include "backend/contents/notebookjson.h"

#include "backend/contents/contentsmodel.h"

#include <QCoreApplication>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <string>
#include <string_view>

namespace farcell::contents {

namespace {

using nlohmann::json;

QString tr(const char *text)
{
    return QCoreApplication::translate("farcell::contents", text);
}

// Builds a json value as nlohmann's own builder does, except for the two things above.
class Builder : public nlohmann::detail::json_sax_dom_parser<json>
{
    using Base = nlohmann::detail::json_sax_dom_parser<json>;

public:
    explicit Builder(json &root)
        : Base(root, false)
    {}
    bool number_float(double /*value*/, const std::string &text)
    {
        json::binary_t kept(std::vector<std::uint8_t>(text.begin(), text.end()));
        return Base::binary(kept);
    }
    bool start_object(std::size_t size)
    {
        return ++m_depth <= maxDepth && Base::start_object(size);
    }
    bool start_array(std::size_t size) { return ++m_depth <= maxDepth && Base::start_array(size); }
    bool end_object()
    {
        --m_depth;
        return Base::end_object();
    }
    bool end_array()
    {
        --m_depth;
        return Base::end_array();
    }

private:
    int m_depth = 0;
};

// Python's repr() of a float: shortest digits that read back the same; exponent form below 1e-4
// and from 1e16.
std::string pythonFloat(double value)
{
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                   std::chars_format::scientific);
    std::string text(buffer.data(), end.ptr);
    const size_t e = text.find('e');
    const int exponent = std::atoi(text.c_str() + e + 1);
    if (value == 0 || (exponent >= -4 && exponent < 16)) {
        const auto fixed = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value,
                                         std::chars_format::fixed);
        text.assign(buffer.data(), fixed.ptr);
        return text.find('.') == std::string::npos ? text + ".0" : text;
    }
    return text; // to_chars gives "1e-05" as Python does
}

// A kept number: big integers as they are, floats as Python would write them.
std::string canonicalNumber(const json::binary_t &kept)
{
    std::string text(kept.begin(), kept.end());
    if (text.find_first_of(".eE") == std::string::npos)
        return text;
    double value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    return parsed.ec == std::errc() && std::isfinite(value) ? pythonFloat(value) : text;
}

enum class Style
{
    Compact,
    Canonical
};

// Recursion is bounded by maxDepth.
class Encoder
{
public:
    explicit Encoder(Style style)
        : m_style(style)
    {}
    void write(const json &value, int level = 0)
    {
        switch (value.type()) {
        case json::value_t::object:
            writeObject(value, level);
            break;
        case json::value_t::array:
            writeArray(value, level);
            break;
        case json::value_t::string: {
            const auto &text = value.get_ref<const std::string &>();
            appendJsonString(out, QByteArrayView(text.data(), qsizetype(text.size())));
            break;
        }
        case json::value_t::binary: {
            const json::binary_t &kept = value.get_binary();
            out += m_style == Style::Canonical
                       ? QByteArray::fromStdString(canonicalNumber(kept))
                       : QByteArray(reinterpret_cast<const char *>(kept.data()),
                                    qsizetype(kept.size()));
            break;
        }
        case json::value_t::boolean:
            out += value.get<bool>() ? "true" : "false";
            break;
        case json::value_t::number_integer:
            out += QByteArray::number(value.get<qint64>());
            break;
        case json::value_t::number_unsigned:
            out += QByteArray::number(value.get<quint64>());
            break;
        default:
            out += "null";
        }
    }
    QByteArray out;

private:
    void newLine(int level)
    {
        if (m_style == Style::Compact)
            return;
        out += '\n';
        out.append(level, ' ');
    }
    void writeObject(const json &value, int level)
    {
        out += '{';
        bool first = true;
        for (const auto &[key, item] : value.items()) {
            if (!std::exchange(first, false))
                out += ',';
            newLine(level + 1);
            appendJsonString(out, QByteArrayView(key.data(), qsizetype(key.size())));
            out += m_style == Style::Compact ? ":" : ": ";
            write(item, level + 1);
        }
        if (!first)
            newLine(level);
        out += '}';
    }
    void writeArray(const json &value, int level)
    {
        out += '[';
        bool first = true;
        for (const json &item : value) {
            if (!std::exchange(first, false))
                out += ',';
            newLine(level + 1);
            write(item, level + 1);
        }
        if (!first)
            newLine(level);
        out += ']';
    }

    Style m_style;
};

// The member if it is there and of that type, else null.
json *member(json &object, const char *key, json::value_t type)
{
    if (!object.is_object())
        return nullptr;
    const auto it = object.find(key);
    return it != object.end() && it->type() == type ? &*it : nullptr;
}

// Calls `bundle(mimeBundle)` and `text(string or list of lines)` for every place of a cell that may
// hold a multi-line string.
template <typename Text, typename Bundle>
void forEachText(json &cell, Text text, Bundle bundle)
{
    if (!cell.is_object())
        return;
    if (const auto source = cell.find("source"); source != cell.end())
        text(*source);
    if (json *attachments = member(cell, "attachments", json::value_t::object)) {
        for (json &one : *attachments)
            bundle(one);
    }
    json *outputs = member(cell, "outputs", json::value_t::array);
    if (!outputs)
        return;
    for (json &output : *outputs) {
        if (json *data = member(output, "data", json::value_t::object))
            bundle(*data);
        if (!output.is_object())
            continue;
        if (const auto stream = output.find("text"); stream != output.end())
            text(*stream);
    }
}

bool isJsonMime(std::string_view type)
{
    return type == "application/json" || (type.substr(0, 12) == "application/" && type.size() > 5 &&
                                          type.substr(type.size() - 5) == "+json");
}

void joinText(json &value)
{
    if (!value.is_array() ||
        !std::all_of(value.begin(), value.end(), [](const json &line) { return line.is_string(); }))
        return;
    std::string text;
    for (const json &line : value)
        text += line.get_ref<const std::string &>();
    value = std::move(text);
}

// Python's str.splitlines(keepends=True) on UTF-8.
json splitLines(const std::string &text)
{
    json lines = json::array();
    size_t from = 0;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto at = [&](size_t k) {
            return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U;
        };
        size_t length = 0;
        if (at(0) == '\r')
            length = at(1) == '\n' ? 2 : 1;
        else if ((at(0) >= '\n' && at(0) <= '\f') || (at(0) >= 0x1c && at(0) <= 0x1e))
            length = 1;
        else if (at(0) == 0xc2 && at(1) == 0x85)
            length = 2;
        else if (at(0) == 0xe2 && at(1) == 0x80 && (at(2) == 0xa8 || at(2) == 0xa9))
            length = 3;
        if (length == 0)
            continue;
        lines.push_back(text.substr(from, i + length - from));
        from = i + length;
        i = from - 1;
    }
    if (from < text.size())
        lines.push_back(text.substr(from));
    return lines;
}

void splitText(json &value)
{
    if (value.is_string())
        value = splitLines(value.get<std::string>());
}

void splitBundle(json &bundle)
{
    if (!bundle.is_object())
        return;
    for (auto it = bundle.begin(); it != bundle.end(); ++it) {
        const std::string &type = it.key();
        if (type.compare(0, 5, "text/") == 0 || type == "application/javascript" ||
            type == "image/svg+xml")
            splitText(*it);
    }
}

json *cellsOf(json &notebook)
{
    return member(notebook, "cells", json::value_t::array);
}

} // namespace

Result<json> parseJson(QByteArrayView text)
{
    json value;
    Builder builder(value);
    const bool ok = json::sax_parse(text.begin(), text.end(), &builder);
    if (!ok || value.is_discarded())
        return fail(ErrorCode::InvalidData, tr("Invalid JSON"));
    return value;
}

void joinLines(json &notebook)
{
    json *cells = cellsOf(notebook);
    if (!cells)
        return;
    const auto joinBundle = [](json &bundle) {
        if (!bundle.is_object())
            return;
        for (auto it = bundle.begin(); it != bundle.end(); ++it) {
            if (!isJsonMime(it.key()))
                joinText(*it);
        }
    };
    for (json &cell : *cells) {
        forEachText(cell, joinText, joinBundle);
        if (json *metadata = member(cell, "metadata", json::value_t::object))
            metadata->erase("trusted");
    }
}

QByteArray encodeJson(const json &value)
{
    Encoder encoder(Style::Compact);
    encoder.write(value);
    return encoder.out;
}

QByteArray encodeNotebook(json notebook)
{
    if (json *metadata = member(notebook, "metadata", json::value_t::object)) {
        for (const char *key : {"orig_nbformat", "orig_nbformat_minor", "signature"})
            metadata->erase(key);
    }
    if (json *cells = cellsOf(notebook)) {
        for (json &cell : *cells) {
            forEachText(cell, splitText, splitBundle);
            if (json *metadata = member(cell, "metadata", json::value_t::object))
                metadata->erase("trusted");
        }
    }
    Encoder encoder(Style::Canonical);
    encoder.write(notebook);
    encoder.out += '\n';
    return encoder.out;
}

Result<QString> checkNotebook(const json &notebook)
{
    if (!notebook.is_object())
        return fail(ErrorCode::InvalidData, tr("A notebook must be a JSON object"));
    const auto major = notebook.find("nbformat");
    if (major == notebook.end() || !major->is_number_integer())
        return fail(ErrorCode::InvalidData, tr("The notebook does not tell its format (nbformat)"));
    if (major->get<qint64>() < 4)
        return QString();
    const auto cells = notebook.find("cells");
    if (cells == notebook.end() || !cells->is_array())
        return fail(ErrorCode::InvalidData, tr("The notebook has no list of cells"));
    for (const json &cell : *cells) {
        const auto type = cell.is_object() ? cell.find("cell_type") : cell.end();
        if (type == cell.end() || !type->is_string())
            return tr("Notebook validation failed: a cell has no cell_type");
        if (!cell.contains("source") || !cell.contains("metadata"))
            return tr("Notebook validation failed: a cell has no source or metadata");
        if (*type == "code" && !(cell.contains("outputs") && cell["outputs"].is_array()))
            return tr("Notebook validation failed: a code cell has no outputs");
    }
    return QString();
}

} // namespace farcell::contents
