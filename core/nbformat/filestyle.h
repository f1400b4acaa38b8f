#pragma once

#include "core/nbformat/textencoding.h"
#include "core/notebook/cell.h"
#include "core/notebook/jsonscan.h"
#include "core/notebook/jsonstrings.h"

#include <QByteArray>

#include <mutex>
#include <vector>

namespace farcell {

namespace nbformat {

// How a writer spells JSON. The defaults are nbformat's.
struct Layout
{
    bool multiline = true; // one item a line
    QByteArray indent = " ";
    QByteArray eol = "\n";
    QByteArray comma = ","; // followed by the line break when multiline
    QByteArray colon = ": ";
    bool sortedKeys = true;
    bool textAsLists = true;      // sources and text outputs as lists of lines
    bool splitAtAllBreaks = true; // as Python's splitlines(), not only at \n
    json::StringStyle strings;
    // Order of a cell's keys where they are not sorted; from a cell of the file.
    std::vector<QByteArray> codeKeys, textKeys;
};

} // namespace nbformat

// The file a notebook was read from: its text, to be patched, and its style, for what is new.
// Shared between threads; only layout() computes anything, and does so once.
struct FileStyle
{
    QByteArray bytes; // the whole file
    nbformat::Encoding encoding = nbformat::Encoding::Utf8;
    QByteArray text;                           // as UTF-8
    json::Span root;                           // the object, without what surrounds it
    std::vector<json::Member> members;         // of the root
    std::vector<json::Span> cells;             // items of the last "cells" (or of all worksheets)
    const json::Member *cellsMember = nullptr; // into members, null if there is none
    const json::Member *metadataMember = nullptr;
    JsonText metadata; // as read into NotebookContent::metadata
    bool isVersion3 = false;

    [[nodiscard]] const nbformat::Layout &layout() const;

private:
    mutable std::once_flag m_detectOnce;
    mutable nbformat::Layout m_layout;
};

// A cell as it was read.
struct CellOrigin
{
    QByteArray raw;                // its object, a slice of FileStyle::text
    int index = 0;                 // in FileStyle::cells
    Cell read;                     // the values read from it; its own origin is null
    JsonText source;               // the text that read.source was read from
    bool hasUnknownMembers = true; // besides those that a Cell holds
};

} // namespace farcell
