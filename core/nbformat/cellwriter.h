#pragma once

#include "core/nbformat/jsonlayout.h"
#include "core/notebook/notebookdocument.h"

#include <QByteArray>

#include <functional>
#include <vector>

namespace farcell::nbformat {

// Whether the cell is still what was read from `file`.
[[nodiscard]] bool isUnchanged(const Cell &cell, const FileStyle *file);

// The text of a list or object taken apart at its commas, so that parts can be exchanged,
// inserted and left out while the rest keeps its spelling and spacing.
class Sequence
{
public:
    // `base`: indentation of the line that the container starts on.
    Sequence(QByteArrayView text, std::vector<json::Span> parts, const Layout &layout,
             const QByteArray &base);
    static Sequence ofArray(QByteArrayView text, const Layout &layout, const QByteArray &base);
    static Sequence ofObject(QByteArrayView text, const std::vector<json::Member> &members,
                             const Layout &layout, const QByteArray &base);

    // A part to write: what `write` appends; else `text` if it is not null; else the text of
    // `original` (an index, -1 for a new part).
    struct Part
    {
        int original = -1;
        QByteArray text = {};
        std::function<void(QByteArray &)> write = {};
    };
    void append(const std::vector<Part> &parts, QByteArray &out) const;
    [[nodiscard]] int size() const { return static_cast<int>(m_parts.size()); }
    [[nodiscard]] QByteArrayView part(int index) const
    {
        return json::cut(m_text, m_parts[static_cast<size_t>(index)]);
    }
    // Indentation of the lines that parts start on.
    [[nodiscard]] QByteArray partIndent() const;
    [[nodiscard]] bool isMultiline() const;

private:
    [[nodiscard]] QByteArrayView lead(int index) const;
    [[nodiscard]] QByteArrayView trail(int index) const;

    QByteArrayView m_text;
    std::vector<json::Span> m_parts;
    std::vector<qsizetype> m_commas; // behind each part; the last is the closing bracket
    QByteArray m_firstLead, m_nextLead, m_lastTrail; // for parts that have none of their own
};

// Writes cells in the style of one file, keeping what was not edited.
class CellWriter
{
public:
    // Cells read from `file` are patched; with null all are written anew.
    CellWriter(const FileStyle *file, const Layout &layout, bool withIds);

    // Appends the cell; `base` is the indentation of the line it starts on.
    void append(const Cell &cell, const QByteArray &base, QByteArray &out) const;

private:
    [[nodiscard]] bool isFromFile(const Cell &cell) const;
    void appendNew(const Cell &cell, const QByteArray &base, QByteArray &out) const;
    void appendPatched(const Cell &cell, const QByteArray &base, QByteArray &out) const;
    // The value of one member; `old` is the text it had, empty if it is new.
    void appendField(const Cell &cell, QByteArrayView key, QByteArrayView old, const Layout &layout,
                     const QByteArray &base, QByteArray &out) const;
    void appendSource(const Cell &cell, QByteArrayView old, const Layout &layout,
                      const QByteArray &base, QByteArray &out) const;
    void appendOutputs(const Cell &cell, QByteArrayView old, const Layout &layout,
                       const QByteArray &base, QByteArray &out) const;
    void appendOutput(const Output &output, const Layout &layout, const QByteArray &base,
                      QByteArray &out) const;

    const FileStyle *m_file;
    const Layout &m_layout;
    bool m_withIds;
};

// Appends one output object as nbformat 4 spells it, from its fields or, in the second form, from
// the text of another file.
void appendOutputFields(const Output &output, const Layout &layout, const QByteArray &base,
                        QByteArray &out);
void appendOutputText(QByteArrayView object, const Layout &layout, const QByteArray &base,
                      QByteArray &out);
// The same where the members are known already, as spans of `text`.
void appendOutputMembers(QByteArrayView text, const std::vector<json::Member> &members,
                         const Layout &layout, const QByteArray &base, QByteArray &out);

// A cell's attachments: file name -> data by MIME type.
void appendAttachments(QByteArrayView object, const Layout &layout, const QByteArray &base,
                       QByteArray &out);

// `next` in place of the JSON value `old`: an object's members that are the same keep their text.
void appendPatchedObject(QByteArrayView old, QByteArrayView next, const Layout &layout,
                         const QByteArray &base, QByteArray &out);
// `text` in place of the list of strings `old`: lines that are the same keep their spelling.
void appendPatchedLines(QByteArrayView old, QStringView text, const Layout &layout,
                        const QByteArray &base, QByteArray &out);

} // namespace farcell::nbformat
