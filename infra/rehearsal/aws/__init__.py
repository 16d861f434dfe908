"""What is AWS about the double of a cloud.

sdk             types of resources, by reflection from the installed pulumi-aws
inputs          what Check does: names, tags, types
replacements    which changed values mean another resource
client          what botocore refuses before it asks: requests of creates
outputs         ids, ARNs and endpoints as AWS would give them
beside          what AWS makes by itself for what it is asked for
functions       answers to functions, from functions.json
failures        faults in AWS's words
refusals/       what AWS refuses: rules
package         all of it, as `cloud.package.Package` wants it
"""
