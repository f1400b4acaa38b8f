#include "core/notebook/collapse.h"

#include "core/notebook/notebookdocument.h"

#include <nlohmann/json.hpp>

namespace farcell {

namespace {

using nlohmann::ordered_json;

// Most cells have no such key: do not parse the metadata of all.
bool mentions(const Cell &cell, const char *key)
{
    return cell.metadata.text().contains(key);
}

ordered_json metadataOf(const Cell &cell)
{
    ordered_json metadata = cell.metadata.toJson();
    return metadata.is_object() ? metadata : ordered_json::object();
}

bool isTrue(const ordered_json &object, const char *key)
{
    const auto found = object.find(key);
    return found != object.end() && *found == true;
}

bool isTrueInJupyter(const ordered_json &metadata, const char *key)
{
    const auto jupyter = metadata.find("jupyter");
    return jupyter != metadata.end() && jupyter->is_object() && isTrue(*jupyter, key);
}

bool isForm(const ordered_json &metadata)
{
    const auto view = metadata.find("cellView");
    return view != metadata.end() && *view == "form";
}

bool anyCellHas(const NotebookDocument &document, const char *text)
{
    for (int i = 0; i < document.cellCount(); ++i) {
        if (mentions(document.cellAt(i), text))
            return true;
    }
    return false;
}

// Takes `key` out of `jupyter`, and that too when nothing is left in it.
void removeFromJupyter(const ordered_json &metadata, const char *key, ordered_json &patch)
{
    const auto jupyter = metadata.find("jupyter");
    if (jupyter == metadata.end() || !jupyter->is_object() || !jupyter->contains(key))
        return;
    if (jupyter->size() == 1)
        patch["jupyter"] = nullptr;
    else
        patch["jupyter"][key] = nullptr;
}

} // namespace

bool isSourceCollapsed(const Cell &cell)
{
    if (!mentions(cell, "\"source_hidden\"") && !mentions(cell, "\"hide_input\"") &&
        !mentions(cell, "\"cellView\""))
        return false;
    const ordered_json metadata = metadataOf(cell);
    return isTrueInJupyter(metadata, "source_hidden") || isTrue(metadata, "hide_input") ||
           isForm(metadata);
}

bool areOutputsCollapsed(const Cell &cell)
{
    if (!mentions(cell, "\"collapsed\"") && !mentions(cell, "\"outputs_hidden\""))
        return false;
    const ordered_json metadata = metadataOf(cell);
    return isTrue(metadata, "collapsed") || isTrueInJupyter(metadata, "outputs_hidden");
}

void setSourceCollapsed(NotebookDocument &document, const CellId &id, bool collapsed)
{
    const Cell *const cell = document.findCell(id);
    if (cell == nullptr || isSourceCollapsed(*cell) == collapsed)
        return;
    const ordered_json metadata = metadataOf(*cell);
    ordered_json patch = ordered_json::object();
    if (!collapsed) {
        if (metadata.contains("hide_input"))
            patch["hide_input"] = false;
        if (isForm(metadata))
            patch["cellView"] = nullptr;
        removeFromJupyter(metadata, "source_hidden", patch);
    } else if (metadata.contains("hide_input")) {
        patch["hide_input"] = true;
    } else if (cell->kind == CellKind::Code && (document.metadata().text().contains("\"colab\"") ||
                                                anyCellHas(document, "\"cellView\""))) {
        patch["cellView"] = "form";
    } else {
        patch["jupyter"]["source_hidden"] = true;
    }
    document.mergeCellMetadata(id, patch);
}

void setOutputsCollapsed(NotebookDocument &document, const CellId &id, bool collapsed)
{
    const Cell *const cell = document.findCell(id);
    if (cell == nullptr || areOutputsCollapsed(*cell) == collapsed)
        return;
    const ordered_json metadata = metadataOf(*cell);
    ordered_json patch = ordered_json::object();
    if (collapsed) {
        patch["collapsed"] = true;
    } else {
        removeFromJupyter(metadata, "outputs_hidden", patch);
        // The classic notebook writes false, JupyterLab nothing.
        if (metadata.contains("collapsed"))
            patch["collapsed"] = anyCellHas(document, "\"collapsed\": false") ||
                                         anyCellHas(document, "\"collapsed\":false")
                                     ? ordered_json(false)
                                     : ordered_json(nullptr);
    }
    document.mergeCellMetadata(id, patch);
}

} // namespace farcell
