#pragma once

#include "core/nbformat/filestyle.h"

#include <QByteArray>
#include <QString>

#include <vector>

namespace farcell::nbformat {

// Appends the JSON value `text` respelled as `layout` wants it. `base` is the indentation of the
// line the value starts on. Floats are spelled as Python does; what is nested too deeply to be
// anything but an attack is copied as it is.
void appendFormatted(QByteArrayView text, const Layout &layout, const QByteArray &base,
                     QByteArray &out);

// The members of an object in the order that `layout` writes them; of doubled keys only the last
// when it sorts.
[[nodiscard]] std::vector<json::Member> orderedMembers(QByteArrayView text, const Layout &layout);
// Puts members, found already, into that order.
void putInOrder(std::vector<json::Member> &members, QByteArrayView text, const Layout &layout);

// As Python's repr(): 1.0, 1e-05, 1e+16.
[[nodiscard]] QByteArray pythonFloat(double value);

// Splits text into lines that keep their ends, as `layout` wants them.
[[nodiscard]] std::vector<QStringView> splitLines(QStringView text, const Layout &layout);
// Appends text as a list of lines or as one string.
void appendText(QStringView text, bool asList, const Layout &layout, const QByteArray &base,
                QByteArray &out);
// Appends a JSON text value (string or list of strings) as the list of lines, or string, that
// appendText() would make of it; anything else formatted.
void appendTextValue(QByteArrayView value, bool asList, const Layout &layout,
                     const QByteArray &base, QByteArray &out);

// Puts a list or object together from finished parts.
class SequenceBuilder
{
public:
    SequenceBuilder(char opening, const Layout &layout, QByteArray base, QByteArray &out);
    void next(); // before each part
    void finish();
    [[nodiscard]] const QByteArray &inner() const { return m_inner; } // the parts' indentation
    // What stands before the first part, between two, and behind the last.
    [[nodiscard]] QByteArrayView opening() const
    {
        return QByteArrayView(m_separator).sliced(m_layout.comma.size());
    }
    [[nodiscard]] const QByteArray &separator() const { return m_separator; }
    [[nodiscard]] const QByteArray &closing() const { return m_end; }

private:
    const Layout &m_layout;
    QByteArray m_base;
    QByteArray m_inner;
    QByteArray m_separator;
    QByteArray m_end;
    QByteArray &m_out;
    char m_closing;
    bool m_empty = true;
};

} // namespace farcell::nbformat
